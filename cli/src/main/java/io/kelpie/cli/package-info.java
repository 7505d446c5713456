/** The {@code kelpie} command: what an operator types, sent to the leading controller and shown as text. */
package io.kelpie.cli;
