/**
 * What a user is given at the end and sees while it runs: results, dead letters, the report, the
 * progress lines.
 *
 * <p>Plain Java: it is told what happened and writes it down. Looking into videos, waiting for
 * clips and deciding what is a failure do not belong here.
 */
@NullMarked
package dev.longtake.transforms.sink;

import org.jspecify.annotations.NullMarked;
