/** Hosts are powered off, and that they are off is confirmed, by a program that operators configure. */
package io.kelpie.controller.fence;
