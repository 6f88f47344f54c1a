#!/usr/bin/env python3
"""Writes a checkpoint in the official layout, with every official size, of random numbers.

What it renders is noise, but it takes the time, the memory and the disk (46 GB) that the real one
takes. So a machine can be tried without the download: how long opening takes, what fits, how fast it is.

    python3 tools/random-checkpoint.py --output=random-14b --tokenizer=examples/demo/checkpoint/Wan2.2-S2V-14B/google
    ./longtake render --checkpoint=random-14b --manifest=examples/demo.jsonl --output=out

Needs PyTorch and safetensors.
"""

import argparse
import json
import math
import os
import shutil

import torch
from safetensors.torch import save_file

D, FFN, HEAD, LAYERS, TEXT, AUDIO, Z, RANK = 5120, 13824, 64, 40, 4096, 1024, 16, 128
INJECTED = [0, 4, 8, 12, 16, 20, 24, 27, 30, 33, 36, 39]
T5_WIDTH, T5_FFN, T5_LAYERS, T5_VOCABULARY, T5_HEADS = 4096, 10240, 24, 256384, 64
W2V_WIDTH, W2V_FFN, W2V_LAYERS, W2V_CONV = 1024, 4096, 24, 512
SHARDS = 4
CONFIG = dict(
    _class_name="WanModel_S2V", model_type="s2v", dim=D, ffn_dim=FFN, num_heads=40, num_layers=LAYERS,
    in_dim=Z, out_dim=Z, cond_dim=Z, freq_dim=256, text_len=512, eps=1e-6, enable_adain=True,
    adain_mode="attn_norm", audio_inject_layers=INJECTED, audio_dim=AUDIO, num_audio_token=4,
    zero_timestep=True, zero_init=True, enable_framepack=True, framepack_drop_mode="padd",
    enable_motioner=False, enable_tsm=False, add_last_motion=True, motion_token_num=1024,
    trainable_token_pos_emb=False)
W2V_CONFIG = dict(
    conv_bias=True, conv_dim=[W2V_CONV] * 7, conv_kernel=[10, 3, 3, 3, 3, 2, 2], conv_stride=[5, 2, 2, 2, 2, 2, 2],
    do_stable_layer_norm=True, feat_extract_norm="layer", feat_extract_activation="gelu", hidden_act="gelu", hidden_size=W2V_WIDTH,
    intermediate_size=W2V_FFN, layer_norm_eps=1e-5, num_attention_heads=16, num_conv_pos_embedding_groups=16,
    num_conv_pos_embeddings=128, num_feat_extract_layers=7, num_hidden_layers=W2V_LAYERS, vocab_size=33)


def weight(shapes, name, *shape):
    shapes[name + ".weight"] = shape


def layer(shapes, name, *shape):
    weight(shapes, name, *shape)
    shapes[name + ".bias"] = shape[:1]


def attention(shapes, name):
    for part in "qkvo":
        layer(shapes, f"{name}.{part}", D, D)
    for part in "qk":
        weight(shapes, f"{name}.norm_{part}", D)


def transformer():
    s = {}
    layer(s, "patch_embedding", D, Z, 1, 2, 2)
    layer(s, "cond_encoder", D, Z, 1, 2, 2)
    layer(s, "text_embedding.0", D, TEXT)
    layer(s, "text_embedding.2", D, D)
    layer(s, "time_embedding.0", D, 256)
    layer(s, "time_embedding.2", D, D)
    layer(s, "time_projection.1", 6 * D, D)
    for i in range(LAYERS):
        b = f"blocks.{i}"
        s[b + ".modulation"] = (1, 6, D)
        attention(s, b + ".self_attn")
        layer(s, b + ".norm3", D)
        attention(s, b + ".cross_attn")
        layer(s, b + ".ffn.0", FFN, D)
        layer(s, b + ".ffn.2", D, FFN)
    s["head.modulation"] = (1, 2, D)
    layer(s, "head.head", HEAD, D)
    weight(s, "trainable_cond_mask", 3, D)
    a = "casual_audio_encoder.encoder."
    s["casual_audio_encoder.weights"] = (1, 25, 1, 1)
    layer(s, a + "conv1_local.conv", D, AUDIO, 3)
    layer(s, a + "conv1_global.conv", D // 4, AUDIO, 3)
    layer(s, a + "conv2.conv", D // 2, D // 4, 3)
    layer(s, a + "conv3.conv", D, D // 2, 3)
    layer(s, a + "final_linear", D, D)
    s[a + "padding_tokens"] = (1, 1, 1, D)
    for j in range(len(INJECTED)):
        attention(s, f"audio_injector.injector.{j}")
        layer(s, f"audio_injector.injector_adain_layers.{j}.linear", 2 * D, D)
    layer(s, "frame_packer.proj", D, Z, 1, 2, 2)
    layer(s, "frame_packer.proj_2x", D, Z, 2, 4, 4)
    layer(s, "frame_packer.proj_4x", D, Z, 4, 8, 8)
    return s


def lora(shapes):
    s = {}
    for name, shape in shapes.items():
        module = name.removesuffix(".weight")
        if len(shape) == 2 and module.endswith((".q", ".k", ".v", ".o", ".ffn.0", ".ffn.2")):
            s[f"{module}.lora_A.default.weight"] = (RANK, shape[1])
            s[f"{module}.lora_B.default.weight"] = (shape[0], RANK)
    return s


def text_encoder():
    s = {"token_embedding.weight": (T5_VOCABULARY, T5_WIDTH), "norm.weight": (T5_WIDTH,)}
    for i in range(T5_LAYERS):
        b = f"blocks.{i}"
        for part in "qkvo":
            weight(s, f"{b}.attn.{part}", T5_WIDTH, T5_WIDTH)
        weight(s, b + ".norm1", T5_WIDTH)
        weight(s, b + ".norm2", T5_WIDTH)
        weight(s, b + ".ffn.gate.0", T5_FFN, T5_WIDTH)
        weight(s, b + ".ffn.fc1", T5_FFN, T5_WIDTH)
        weight(s, b + ".ffn.fc2", T5_WIDTH, T5_FFN)
        weight(s, b + ".pos_embedding.embedding", 32, T5_HEADS)
    return s


def speech_encoder():
    s = {}
    w = "wav2vec2."
    for i, kernel in enumerate(W2V_CONFIG["conv_kernel"]):
        conv = f"{w}feature_extractor.conv_layers.{i}"
        layer(s, conv + ".conv", W2V_CONV, 1 if i == 0 else W2V_CONV, kernel)
        layer(s, conv + ".layer_norm", W2V_CONV)
    layer(s, w + "feature_projection.layer_norm", W2V_CONV)
    layer(s, w + "feature_projection.projection", W2V_WIDTH, W2V_CONV)
    conv = w + "encoder.pos_conv_embed.conv."
    s[conv + "bias"] = (W2V_WIDTH,)
    s[conv + "weight_g"] = (1, 1, 128)
    s[conv + "weight_v"] = (W2V_WIDTH, 64, 128)
    for i in range(W2V_LAYERS):
        b = f"{w}encoder.layers.{i}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            layer(s, f"{b}.attention.{part}", W2V_WIDTH, W2V_WIDTH)
        layer(s, b + ".layer_norm", W2V_WIDTH)
        layer(s, b + ".final_layer_norm", W2V_WIDTH)
        layer(s, b + ".feed_forward.intermediate_dense", W2V_FFN, W2V_WIDTH)
        layer(s, b + ".feed_forward.output_dense", W2V_WIDTH, W2V_FFN)
    layer(s, w + "encoder.layer_norm", W2V_WIDTH)
    return s


def residual(s, name, into, out):
    s[name + ".residual.0.gamma"] = (into, 1, 1, 1)
    layer(s, name + ".residual.2", out, into, 3, 3, 3)
    s[name + ".residual.3.gamma"] = (out, 1, 1, 1)
    layer(s, name + ".residual.6", out, out, 3, 3, 3)
    if into != out:
        layer(s, name + ".shortcut", out, into, 1, 1, 1)


def middle(s, name, width):
    residual(s, name + ".0", width, width)
    s[name + ".1.norm.gamma"] = (width, 1, 1)
    layer(s, name + ".1.to_qkv", 3 * width, width, 1, 1)
    layer(s, name + ".1.proj", width, width, 1, 1)
    residual(s, name + ".2", width, width)


def head(s, name, width, out):
    s[name + ".0.gamma"] = (width, 1, 1, 1)
    layer(s, name + ".2", out, width, 3, 3, 3)


def autoencoder():
    s = {}
    down, up = "encoder.downsamples.", "decoder.upsamples."
    layer(s, "encoder.conv1", 96, 3, 3, 3, 3)
    for i, into, out in ((0, 96, 96), (1, 96, 96), (3, 96, 192), (4, 192, 192), (6, 192, 384), (7, 384, 384),
                         (9, 384, 384), (10, 384, 384)):
        residual(s, down + str(i), into, out)
    for i, width in ((2, 96), (5, 192), (8, 384)):
        layer(s, f"{down}{i}.resample.1", width, width, 3, 3)
        if i != 2:
            layer(s, f"{down}{i}.time_conv", width, width, 3, 1, 1)
    middle(s, "encoder.middle", 384)
    head(s, "encoder.head", 384, 2 * Z)
    layer(s, "conv1", 2 * Z, 2 * Z, 1, 1, 1)
    layer(s, "conv2", Z, Z, 1, 1, 1)
    layer(s, "decoder.conv1", 384, Z, 3, 3, 3)
    middle(s, "decoder.middle", 384)
    for i, into, out in ((0, 384, 384), (1, 384, 384), (2, 384, 384), (4, 192, 384), (5, 384, 384), (6, 384, 384),
                         (8, 192, 192), (9, 192, 192), (10, 192, 192), (12, 96, 96), (13, 96, 96), (14, 96, 96)):
        residual(s, up + str(i), into, out)
    for i, width in ((3, 384), (7, 384), (11, 192)):
        layer(s, f"{up}{i}.resample.1", width // 2, width, 3, 3)
        if i != 11:
            layer(s, f"{up}{i}.time_conv", 2 * width, width, 3, 1, 1)
    head(s, "decoder.head", 96, 3)
    return s


def write_json(path, value):
    with open(path, "w") as out:
        json.dump(value, out, indent=1)


def numbers(name, shape, dtype):
    """Of variance 1/inputs, so that nothing grows; what scales is near 1, what is added small."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    drawn = torch.randn(shape, device=device, dtype=torch.float32)
    if "norm" in name and name.endswith("weight") or name.endswith(("gamma", "weight_g")):
        drawn = 1 + 0.1 * drawn
    elif len(shape) < 2:
        drawn = 0.02 * drawn
    else:
        drawn = drawn / math.sqrt(math.prod(shape[1:]))
    return drawn.to(dtype).cpu()


def write_tensors(path, shapes, dtype):
    print(f"{path}: {len(shapes)} tensors", flush=True)
    made = {name: numbers(name, shape, dtype) for name, shape in shapes.items()}
    if path.endswith(".pth"):
        torch.save(made, path)
    else:
        save_file(made, path, metadata={"format": "pt"})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", required=True, help="directory to write")
    parser.add_argument("--tokenizer", required=True, help="directory that holds umt5-xxl/tokenizer.json")
    args = parser.parse_args()
    base = os.path.join(args.output, "Wan2.2-S2V-14B")
    speech = os.path.join(base, "wav2vec2-large-xlsr-53-english")
    os.makedirs(speech, exist_ok=True)
    os.makedirs(os.path.join(args.output, "LiveAvatar"), exist_ok=True)
    shutil.copytree(args.tokenizer, os.path.join(base, "google"), dirs_exist_ok=True)

    write_json(os.path.join(base, "config.json"), CONFIG)
    write_json(os.path.join(speech, "config.json"), W2V_CONFIG)
    write_json(os.path.join(speech, "preprocessor_config.json"),
               dict(do_normalize=True, feature_size=1, sampling_rate=16000))

    shapes = transformer()
    names, files, bound = list(shapes), {}, math.ceil(len(shapes) / SHARDS)
    for k in range(SHARDS):
        file = f"diffusion_pytorch_model-{k + 1:05}-of-{SHARDS:05}.safetensors"
        part = names[k * bound:(k + 1) * bound]
        files.update(dict.fromkeys(part, file))
        write_tensors(os.path.join(base, file), {n: shapes[n] for n in part}, torch.bfloat16)
    write_json(os.path.join(base, "diffusion_pytorch_model.safetensors.index.json"),
               dict(metadata=dict(total_size=2 * sum(map(math.prod, shapes.values()))), weight_map=files))
    write_tensors(os.path.join(args.output, "LiveAvatar", "liveavatar.safetensors"), lora(shapes), torch.bfloat16)
    write_tensors(os.path.join(speech, "model.safetensors"), speech_encoder(), torch.float32)
    write_tensors(os.path.join(base, "models_t5_umt5-xxl-enc-bf16.pth"), text_encoder(), torch.bfloat16)
    write_tensors(os.path.join(base, "Wan2.1_VAE.pth"), autoencoder(), torch.float32)


if __name__ == "__main__":
    main()
