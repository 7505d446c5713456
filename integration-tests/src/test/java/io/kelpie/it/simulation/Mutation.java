package io.kelpie.it.simulation;

import io.kelpie.agent.fencing.Deadline;
import io.kelpie.agent.fencing.LeaseRules;
import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.controller.lease.LeaderRules;
import io.kelpie.proto.v1.ControllerSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Safety rules taken away, one at a time; each with the faults that make the rule matter. */
enum Mutation {
    /** A new leader does not wait for what an earlier one has promised. */
    NEW_LEADER_DOES_NOT_WAIT {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.leader(new LeaderRules() {
                @Override
                public long fenceableAtNanos(long began, long promised, LeaseTimes times) {
                    return promised - began > 0 ? promised + times.fenceWait().toNanos() : began;
                }
            });
        }
    },
    /** No kill margin and no drift are waited for. */
    NO_MARGIN {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.leader(new LeaderRules() {
                @Override
                public long fenceableAtNanos(long began, long promised, LeaseTimes times) {
                    return Math.max(began, promised) + times.lease().toNanos();
                }
            });
        }
    },
    /** A term counts from when its write was sent. */
    TERM_FROM_ITS_WRITE {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.leader(new LeaderRules() {
                @Override
                public long fenceableAtNanos(long began, long promised, LeaseTimes times) {
                    long safe = LeaderRules.SAFE.fenceableAtNanos(began, promised, times);
                    return promised - began > 0 ? safe : safe - times.lease().toNanos();
                }
            });
        }
    },
    /** The host counts from the receipt of the grant. */
    LEASE_FROM_RECEIPT(Fault.GRANT_READ_LATE) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.host(new LeaseRules() {
                @Override
                public long leaseEnd(long asked, long answered, long lease) {
                    return answered + lease;
                }
            });
        }
    },
    /** Whoever believes to lead grants: a proof succeeds under an ended term too. */
    GRANT_WITHOUT_PROOF(
            Fault.SESSION_EXPIRED_UNNOTICED,
            Fault.HOST_CUT_OFF,
            Fault.PARTITION_BOTH,
            Fault.STREAM_BREAK,
            Fault.CONTROLLER_PAUSE) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.fence(SimEnsemble.Fence.NOT_CHECKED_BY_PROOFS);
        }
    },
    /** The store applies what ended terms have sent. */
    NO_FENCE_ON_WRITES(Fault.SESSION_EXPIRED_UNNOTICED, Fault.PARTITION_BOTH, Fault.HOST_CUT_OFF) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.fence(SimEnsemble.Fence.NOT_CHECKED);
        }
    },
    /** The spawned guard looks at the deadline only, and starts are taken under any lineage. */
    NO_LINEAGE_BARRIER(Fault.GUARD_DELAY, Fault.HOST_CUT_OFF, Fault.AGENT_PAUSE, Fault.AGENT_CRASH, Fault.QEMU_CRASH) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE
                    .host(new LeaseRules() {
                        @Override
                        public boolean mayAsk(long left) {
                            return true;
                        }

                        @Override
                        public boolean mayStart(long command, long held, long end, long now, long margin) {
                            return end - now > margin;
                        }
                    })
                    .guard(new GuardRules() {
                        @Override
                        public boolean goesOn(Optional<Deadline> file, String boot, long lineage, long now) {
                            return file.filter(deadline -> GuardRules.SAFE.goesOn(file, boot, deadline.lineage(), now))
                                    .isPresent();
                        }
                    });
        }
    },
    /** Guards do not kill at the deadline. */
    NO_GUARD {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.guard(new GuardRules() {
                @Override
                public boolean enforces() {
                    return false;
                }
            });
        }
    },
    /** One answer less than all is enough. */
    MAJORITY {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.host(new LeaseRules() {
                @Override
                public boolean unanimous(ControllerSet highest, Map<String, Long> answers) {
                    return 2 * answers.size() > highest.getMembersCount()
                            || highest.getMembersCount() == 2 && !answers.isEmpty();
                }
            });
        }
    },
    /** An answer "not leading" is not noted. */
    ANSWER_IS_NO_PROMISE(Fault.STORE_LOST_THEN_HOST_CUT) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.leader(new LeaderRules() {
                @Override
                public boolean answerIsPromise() {
                    return false;
                }
            });
        }
    },
    /** A lease that has lapsed is extended all the same. */
    REVIVED_LEASE(Fault.GUARD_HANGS_THROUGH_A_FENCE) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.host(new LeaseRules() {
                @Override
                public boolean mayExtend(long end, long now) {
                    return true;
                }
            });
        }
    },
    /**
     * Two rules of which each covers for the other: starts name a lineage that was only asked for, and a fence does not
     * void what was asked. Alone the first is harmless, as the grant of that question would be a promise before the fence
     * or is void; alone the second is, as no start names a lineage before it is granted, records move before their write
     * is sent, and none that moved is started.
     */
    EARLY_START_AND_NOT_SILENT_WHILE_FENCING(Fault.GRANTS_STALL) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.leader(new LeaderRules() {
                @Override
                public long startLineage(long granted, long asked) {
                    return asked;
                }

                @Override
                public boolean silentWhileFencing() {
                    return false;
                }
            });
        }
    },
    /**
     * Two rules of which each covers for the other: questions for a new lease come under the old lineage, and a question
     * that opens a lease is granted again. Alone the first leaves the host without a lease for the rest of the term, and
     * in the next term the commands of this one are void; alone the second grants a question that the host has given up.
     */
    SAME_LINEAGE_OPENED_TWICE(Fault.START_LOST_AND_REPEATED) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE
                    .host(new LeaseRules() {
                        @Override
                        public long nextLineage(long former, long now) {
                            return former == 0 ? now : former;
                        }
                    })
                    .leader(new LeaderRules() {
                        @Override
                        public boolean mayGrantAgain(boolean opens) {
                            return true;
                        }
                    });
        }
    },
    /** A proof is dated from its answer. */
    PROOF_FROM_ITS_ANSWER(Fault.PROOF_ANSWERED_IN_THE_NEXT_TERM) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.leader(new LeaderRules() {
                @Override
                public boolean proves(long began, long answered, long received) {
                    return answered - received >= 0;
                }
            });
        }
    },
    /** The guard checks before it is in the ledger. */
    CHECK_BEFORE_RECORD(Fault.GUARD_HANGS_THROUGH_A_FENCE, Fault.AGENT_CRASH) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.guard(new GuardRules() {
                @Override
                public boolean recordsFirst() {
                    return false;
                }
            });
        }
    },
    /** An entry without a pid is called gone. */
    NOT_CLOSED(Fault.GUARD_DELAY, Fault.AGENT_CRASH, Fault.QEMU_CRASH, Fault.SLOW_START) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.unclosed();
        }
    },
    /** A refused incarnation is forgotten. */
    REFUSAL_FORGOTTEN(Fault.COMMAND_REPEATED, Fault.QEMU_CRASH) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.host(new LeaseRules() {
                @Override
                public long refusedUpTo(long before, long refused) {
                    return before;
                }
            });
        }
    },
    /** A host counts the answers of any set that it has seen, whatever version they name. */
    STALE_CONTROLLER_SET(Fault.CONTROLLER_SET_CHANGE, Fault.PARTITION_BOTH, Fault.HOST_CUT_OFF, Fault.STREAM_BREAK) {
        @Override
        Rules rules(World world) {
            Map<Long, ControllerSet> seen = new TreeMap<>();
            return Rules.SAFE.host(new LeaseRules() {
                @Override
                public boolean unanimous(ControllerSet highest, Map<String, Long> answers) {
                    seen.put(highest.getVersion(), highest);
                    return seen.values().stream()
                            .anyMatch(set -> set.getMembersCount() > 0
                                    && set.getMembersList().stream()
                                            .allMatch(member -> answers.containsKey(member.getControllerId())));
                }
            });
        }
    },
    /** An added controller leads although not all former ones have acknowledged it. */
    SET_NOT_ACKNOWLEDGED(Fault.CONTROLLER_SET_CHANGE, Fault.STREAM_BREAK, Fault.QEMU_CRASH) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.leader(new LeaderRules() {
                @Override
                public boolean mayLead(boolean allAcknowledged) {
                    return true;
                }
            });
        }
    },
    /** A host is fenced after the usual wait also while its lease has no end. */
    FREEZE_NOT_RESPECTED(Fault.FREEZE, Fault.HOST_CUT_OFF, Fault.PARTITION_BOTH) {
        @Override
        Rules rules(World world) {
            return Rules.SAFE.leader(new LeaderRules() {
                @Override
                public boolean hasEnded(boolean untilThaw, boolean waited) {
                    return waited;
                }
            });
        }
    };

    private final Set<Fault> faults;

    /** @param faults that make the rule matter; none: any */
    Mutation(Fault... faults) {
        this.faults = faults.length == 0 ? Set.of() : EnumSet.copyOf(List.of(faults));
    }

    abstract Rules rules(World world);

    /** Runs a seed without the rule. */
    RunResult run(long seed, double hours, boolean verbose) {
        World world = new World(seed, verbose);
        return Simulation.run(world, hours, profile(world), rules(world));
    }

    /** Runs the same seed with the rule. */
    RunResult runSafe(long seed, double hours) {
        World world = new World(seed, false);
        return Simulation.run(world, hours, profile(world), Rules.SAFE);
    }

    private Profile profile(World world) {
        return faults.isEmpty() ? Profile.harsh(world) : Profile.of(world, faults);
    }
}
