/** The forwards of a frame block are dealt to several devices, which it passes one by one. */
@NullMarked
package dev.longtake.runtime.strategy.tpp;

import org.jspecify.annotations.NullMarked;
