/** What must hold for the whole system, shown by its own programs as separate processes. */
package io.kelpie.it.endtoend;
