/**
 * Looking into a request's picture and speech, once, before anything is rendered: nothing after it
 * can find an input wrong.
 */
@NullMarked
package dev.longtake.transforms.prepare;

import org.jspecify.annotations.NullMarked;
