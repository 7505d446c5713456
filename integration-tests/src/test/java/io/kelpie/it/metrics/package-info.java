/** Dashboards and the Prometheus configuration, held against a real Prometheus that scrapes a real cluster. */
package io.kelpie.it.metrics;
