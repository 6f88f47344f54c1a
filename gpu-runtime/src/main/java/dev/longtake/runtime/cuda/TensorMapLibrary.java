package dev.longtake.runtime.cuda;

import com.sun.jna.Library;
import com.sun.jna.Pointer;

/** The function of {@code cuda.h} that makes tensor maps, which JCuda lacks. */
interface TensorMapLibrary extends Library {
  int cuTensorMapEncodeTiled(
      Pointer tensorMap,
      int dataType,
      int rank,
      Pointer globalAddress,
      Pointer globalDim,
      Pointer globalStrides,
      Pointer boxDim,
      Pointer elementStrides,
      int interleave,
      int swizzle,
      int l2Promotion,
      int oobFill);
}
