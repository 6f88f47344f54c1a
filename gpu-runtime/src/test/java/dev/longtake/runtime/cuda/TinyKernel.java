package dev.longtake.runtime.cuda;

/** A kernel with an argument of every kind, in PTX: out[i] = factor·in[i] + addend. */
final class TinyKernel {
  static final String NAME = "scale_and_add";

  static final String PTX =
      """
      .version 7.0
      .target sm_80
      .address_size 64
      .visible .entry scale_and_add(
          .param .u64 in,
          .param .u32 count,
          .param .u64 out,
          .param .f32 factor,
          .param .u64 addend)
      {
        .reg .pred %skip;
        .reg .b32 %r<5>;
        .reg .b64 %d<6>;
        .reg .f32 %f<5>;
        ld.param.u64 %d0, [in];
        ld.param.u32 %r0, [count];
        ld.param.u64 %d1, [out];
        ld.param.f32 %f0, [factor];
        ld.param.u64 %d2, [addend];
        mov.u32 %r1, %ctaid.x;
        mov.u32 %r2, %ntid.x;
        mov.u32 %r3, %tid.x;
        mad.lo.u32 %r4, %r1, %r2, %r3;
        setp.ge.u32 %skip, %r4, %r0;
        @%skip bra done;
        mul.wide.u32 %d3, %r4, 4;
        add.u64 %d4, %d0, %d3;
        add.u64 %d5, %d1, %d3;
        ld.global.f32 %f1, [%d4];
        cvt.rn.f32.s64 %f2, %d2;
        fma.rn.f32 %f3, %f1, %f0, %f2;
        st.global.f32 [%d5], %f3;
      done:
        ret;
      }
      """;

  private TinyKernel() {}

  static KernelArgs args(DeviceMemory in, int count, DeviceMemory out, float factor, long addend) {
    return new KernelArgs().pointer(in).int32(count).pointer(out).float32(factor).int64(addend);
  }
}
