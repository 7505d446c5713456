package io.kelpie.cli.spec;

import io.kelpie.proto.v1.JobSpec;
import java.util.List;

/**
 * A job as a file describes it, with every default filled in.
 *
 * @param notes what the operator should know about the file
 */
public record ParsedJob(JobSpec spec, List<String> notes) {}
