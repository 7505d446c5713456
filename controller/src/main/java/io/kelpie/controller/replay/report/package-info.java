/** What a replay found, as text: a table, JSON, a series of usage, a drawing. Pure. */
package io.kelpie.controller.replay.report;
