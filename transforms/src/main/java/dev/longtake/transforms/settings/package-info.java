/**
 * What a run is made with: the options, checked, and what the checkpoint says. Everything that is
 * decided once, before a pipeline is built.
 */
@NullMarked
package dev.longtake.transforms.settings;

import org.jspecify.annotations.NullMarked;
