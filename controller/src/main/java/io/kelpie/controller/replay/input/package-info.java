/** The files and options that describe a pool and a trace: read strictly, each fault told by its place. */
package io.kelpie.controller.replay.input;
