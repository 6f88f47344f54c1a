/**
 * What is asked for: manifests and the rules that their lines, pictures and speech must keep to,
 * and the digests by which what was rendered is found again.
 *
 * <p>Nothing here decodes media; the facts about it come in as numbers.
 */
@NullMarked
package dev.longtake.transforms.request;

import org.jspecify.annotations.NullMarked;
