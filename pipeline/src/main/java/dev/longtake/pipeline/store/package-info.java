/**
 * The work store: everything already paid for, content-addressed and published atomically, so that
 * a retry or a later run takes it from there. Also how a finished file leaves the store for the
 * output directory.
 *
 * <p>Layout below the root, the same wherever the store is:
 *
 * <pre>
 * objects/&lt;sha256&gt;                          a blob, see {@link dev.longtake.pipeline.store.WorkStore#put}
 * &lt;name&gt;-&lt;start of its sha256&gt;.&lt;ending&gt;      what an entry holds, see {@link dev.longtake.pipeline.store.WorkStore#commit}
 * &lt;name&gt;.&lt;ending&gt;.json                      its commit marker: digest, bytes, and how it was made
 * .&lt;anything&gt;.tmp                           being written, or left by a process that died
 * </pre>
 *
 * <p>What is stored, and what it is called, is decided by those who use the store.
 */
@NullMarked
package dev.longtake.pipeline.store;

import org.jspecify.annotations.NullMarked;
