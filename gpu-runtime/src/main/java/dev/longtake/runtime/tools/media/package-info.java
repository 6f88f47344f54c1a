/** Files that the engine's commands read and write with nothing but the JDK. */
@NullMarked
package dev.longtake.runtime.tools.media;

import org.jspecify.annotations.NullMarked;
