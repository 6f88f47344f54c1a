package dev.longtake.transforms.render;

/** Whether somebody who leases an engine minds others on the same device. */
enum Company {
  /** Not at all: as many as there are lanes. */
  SHARED,
  /** Nobody else uses the device meanwhile. */
  ALONE
}
