/**
 * Where a video is cut: into takes, at the pauses of its speech, and takes into clips.
 *
 * <p>Everything here counts in video frames and speech samples. No media is read and no digest made
 * here.
 */
@NullMarked
package dev.longtake.transforms.split;

import org.jspecify.annotations.NullMarked;
