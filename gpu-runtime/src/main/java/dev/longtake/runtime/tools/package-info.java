/** The engine's commands: they need no Beam, only the engine. */
@NullMarked
package dev.longtake.runtime.tools;

import org.jspecify.annotations.NullMarked;
