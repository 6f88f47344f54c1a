/**
 * Entry points: the command line and the ready-made pipelines of the deployable jar.
 *
 * <p>What an entry point offers comes from the class path. Transforms and the engine are there at
 * run time only and are never imported.
 */
package dev.longtake.templates;
