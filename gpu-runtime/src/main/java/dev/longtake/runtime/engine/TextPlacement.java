package dev.longtake.runtime.engine;

/** Where the text encoder is while a prompt is encoded. */
enum TextPlacement {
  /** On the device, for good. */
  RESIDENT,
  /** In the memory of a free lane, all of it. */
  GUEST,
  /** In the memory of a free lane, one layer at a time. */
  LAYER_BY_LAYER,
  /** On another device. */
  ABSENT
}
