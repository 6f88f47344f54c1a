/**
 * Speech, pictures and videos as files: reading, encoding and joining them.
 *
 * <p>The only package that knows FFmpeg, and no public signature names one of its types. Every
 * input is a local file; fetching and publishing are done elsewhere. Whatever owns native memory is
 * closed by its owner, in reverse order of opening, and every return code of FFmpeg is checked by
 * {@link FfmpegCall}.
 *
 * <p>No native memory is allocated through JavaCPP's own constructors, only through FFmpeg's:
 * JavaCPP refuses to allocate in a process that holds more than four times the Java heap, as an
 * engine may. What its classes allocate when they are loaded needs {@code
 * org.bytedeco.javacpp.maxPhysicalBytes} to be 0.
 *
 * <p>H.264 is encoded by OpenH264, which FFmpeg's LGPL build contains; the GPL build with x264
 * would put its licence on whoever passes our jar on. What it lacks, B-frames above all, is not
 * needed: a fragment must be a closed group of pictures.
 */
@NullMarked
package dev.longtake.transforms.media;

import org.jspecify.annotations.NullMarked;
