/**
 * What a plan has to satisfy, worked out anew: it shares no code with the search for places, so that a defect there does
 * not hide here.
 */
package io.kelpie.controller.scheduling.check;
