package io.kelpie.controller.view;

import io.kelpie.controller.model.JobKey;
import io.kelpie.proto.v1.JobRecord;

/** A job as it is committed. */
public record JobView(JobKey key, JobRecord record) {}
