/**
 * Measurements of the controller and the agent: Dropwizard metrics whose registry keys carry labels, exposed to
 * Prometheus as families.
 */
package io.kelpie.common.metrics;
