package dev.longtake.runtime.model.dit;

/**
 * What is the same for all layers while condition tokens are taken through them.
 *
 * @param timestep of time 0: conditions are clean
 * @param reference angles of the reference's tokens
 * @param motion angles of the motion tokens
 */
record ConditionPass(TimestepEmbedding timestep, Rope3d.Table reference, Rope3d.Table motion) {}
