/*
 * Kelpie's lease rules, for Spin: can a VM ever run in two places?
 *
 * One VM and two controllers. Host "home" gets the VM first, as incarnation 1, and is modelled in full: lease, barrier,
 * ledger, spawned guard. Host "away" gets incarnation 2 and is the worst host there can be: it runs the VM in the very
 * instant in which the store says so, and never stops. So whatever leaves home running after that instant is an error.
 *
 * The whole cluster is one process that picks one possible step after the other, in any order and as late as it likes.
 * Nothing obliges a message to arrive, a controller to notice, or an agent to act. Time is a step like the others; what
 * it cannot do is to pass beyond the death of a hypervisor whose guard must have killed it.
 *
 * All times are counted down and end at 0, all counters are small, and messages carry one bit for "names the lineage that
 * the host has now", which goes out when that lineage ends. So the state space is finite without a bound on the length of
 * a run. A question may be answered, a grant or a start may arrive, at any later time or never.
 *
 * L  length of a lease        K  kill margin        M  what clocks may drift apart in the length of a lease
 *
 * Each -DNO_... takes one rule away. -DJOINING: the second controller is added to the set while all this goes on.
 * -DWITNESS=n turns an interesting situation into an error, to show that the search gets there.
 */
#ifndef L
#define L 2
#endif
#ifndef K
#define K 1
#endif
#ifndef M
#define M 0
#endif

#define SLACK (K + M)          /* from a lease's end by the true time to the certain death of the last QEMU */
#define FULL (L + SLACK)       /* rule 6 (a): what a leader waits after its last promise */

/* ---- rules that can be taken away ------------------------------------------------------------------------------- */

#ifdef NO_MARGIN
#define WAIT L
#else
#define WAIT FULL
#endif

#ifdef NO_TERM_WAIT
#define WAIT_OF_TERM 0
#else
#ifdef NO_KNOWN_BEGIN          /* counted from when the term's write was sent, a lease ago, and not from when it is known */
#define WAIT_OF_TERM (WAIT - L)
#else
#define WAIT_OF_TERM WAIT
#endif
#endif

#ifdef NO_FENCED_WRITES
#define OWNS(c) true
#else
#define OWNS(c) (owner == c)
#endif

#ifdef NO_PROOF
#define TRUST(c) L
#else
#define TRUST(c) trust[c]
#endif

#ifdef NO_SILENCE              /* goes on while a fence is under way */
#define SILENT(c) false
#else
#define SILENT(c) shot[c]
#endif

#ifdef NO_LINEAGE_CHECK
#define SPAWNED_UNDER_THIS true
#else
#define SPAWNED_UNDER_THIS bonded
#endif

#ifdef NO_CLOSING              /* an entry without a pid is taken for one that is gone */
#define IS_GONE (stage <= SPAWNED)
#else
#define IS_GONE (stage == NONE)
#endif

/* ---- the store -------------------------------------------------------------------------------------------------- */

bool quorum = true;
bit owner = 0;                 /* whose term the store stands in */
byte placed = 0;               /* incarnation in the VM's record: 0 none, 1 at home, 2 away */

/* ---- controllers ------------------------------------------------------------------------------------------------ */

#define FOLLOWS 0
#define LEADS 1                /* so it believes */
#define ALONE 2                /* believes to lead, and knows that it does not reach the store */
byte role[2];
byte trust[2];                 /* what is left of a lease since the begin of its last write under its term */
byte wait[2];                  /* rule 6 (a): until it may fence home */
byte knows[2];                 /* the VM's record as it has read it */
bool shot[2];                  /* its fence of home is under way, or its outcome is not known */
bool granted[2];               /* it has granted home's present lineage */
#ifdef NO_BEGIN_DATE
bool landed[2];                /* a write of its term was applied, and it has not heard so */
#endif

/* ---- home ------------------------------------------------------------------------------------------------------- */

byte lease;                    /* what is left of the lease, and SLACK: at 0 every leased QEMU is dead */
bool behind;                   /* behind the barrier: without a lease */
#define NONE 0
#define SPAWNED 1
#define RECORDED 2             /* its pid is in the ledger: from here on it can be killed */
#define CHECKED 3
#define RUNS 4
#define CHECKED_UNRECORDED 5
byte stage;
bool bonded;                   /* it was spawned under the present lineage */
bool burnt;                    /* the ledger knows incarnation 1: accepted, or refused for ever */
#ifdef NO_TOMBSTONE
bool said_no;
#endif

/* ---- between them ----------------------------------------------------------------------------------------------- */

bool asked;                    /* a question of home's is out */
byte since;                    /* how long ago it was asked */
byte noes;                     /* who has answered it by "not leading", a bit each */
byte opens;                    /* it asks for a new lease, of controller opens - 1 alone */
byte grant;                    /* what is left of a grant on its way */
bool start, start_fits;        /* a start on its way, and whether it names the present lineage */

#ifdef JOINING
byte joining;                  /* 0: the set is controller 0 alone; 1: controller 1 is added; 2: 0 has acknowledged */
bool home_knows;               /* home has seen the set of two */
#ifdef NO_ACKNOWLEDGED_SET
#define MAY_LEAD(c) (c == 0 || joining >= 1)
#else
#define MAY_LEAD(c) (c == 0 || joining == 2)
#endif
#else
#define MAY_LEAD(c) true
#endif

#ifdef NO_UNANIMITY
#define ALL_SAID_NO (noes != 0)
#else
#ifdef JOINING
#define ALL_SAID_NO (noes == 3 || (!home_knows && (noes & 1)))
#else
#define ALL_SAID_NO (noes == 3)
#endif
#endif

/* By a slow clock the lease still holds; by the true one it has ended. With M > 0 both can be so at once. */
#define MAY_HOLD (!behind && lease > K)
#define HAS_ENDED (lease <= SLACK)
#define CAN_BE_KILLED (stage >= RECORDED && stage <= RUNS)

#ifdef NO_UNBROKEN_ANSWERS
#define EXTENDS_BY_ANSWERS (!behind)
#else
#define EXTENDS_BY_ANSWERS MAY_HOLD
#endif
#ifdef NO_UNBROKEN_GRANTS
#define EXTENDS_BY_GRANT (!behind)
#else
#define EXTENDS_BY_GRANT MAY_HOLD
#endif

/* Home has neither a process nor the right to begin one, and the VM is away: nothing more can go wrong. */
#define SETTLED (placed == 2 && burnt && stage == NONE)

#ifdef WITNESS
#define SEEN(n, what) if :: WITNESS == n && (what) -> assert(false) :: else fi
#else
#define SEEN(n, what) skip
#endif

/* ---- parts of steps --------------------------------------------------------------------------------------------- */

inline vanish() { stage = NONE; bonded = false }

inline no_question() { asked = false; since = 0; noes = 0; opens = 0 }

inline lineage_ends() {
  granted[0] = false; granted[1] = false; start_fits = false; bonded = false; grant = 0; no_question()
}

inline question(whom) { asked = true; since = 0; noes = 0; opens = whom }

inline lasts(left) { if :: left > lease -> lease = left :: else fi }

inline moves_away() { placed = 2; assert(stage != RUNS) }

inline down(timer) { if :: timer > 0 -> timer-- :: else fi }

inline forgets_all(c) {
  trust[c] = 0; wait[c] = 0; knows[c] = 0; granted[c] = false;
#ifdef NO_BEGIN_DATE
  landed[c] = false;
#endif
}

/* ---- steps ------------------------------------------------------------------------------------------------------ */

inline time_passes() {
  if
  :: lease > 0 ->
     lease--;
#ifndef NO_GUARD
     if :: lease == 0 && CAN_BE_KILLED -> vanish() :: else fi
#endif
  :: else
  fi;
  if :: asked && since < L -> since++ :: else fi;
#ifndef NO_QUESTION_DATE
  down(grant);
#endif
  down(trust[0]); down(trust[1]); down(wait[0]); down(wait[1])
}

/*
 * Rules 3 and 6: after the write that begins a term nothing of the one before can be applied. Its leader may not know that
 * yet: it stays silent about what it had under way (but how long it would wait for more does not matter any more).
 */
inline begins_term(c) {
  owner = c; role[c] = LEADS; trust[c] = L; wait[c] = WAIT_OF_TERM; knows[c] = placed; granted[c] = false;
  shot[c] = false;
#ifdef NO_BEGIN_DATE
  landed[c] = false;
#endif
#ifndef NO_FENCED_WRITES
  wait[1 - c] = 0
#endif
}

/* It crashes, or learns that it leads no more. A fence that can still be applied stays under way. */
inline ends_term(c) {
  role[c] = FOLLOWS; forgets_all(c);
  if :: !OWNS(c) || placed != 1 -> shot[c] = false :: else fi
}

/* Rules 1 and 2: the length is counted from the question; a lease is opened once. */
inline grants(c) {
  if :: OWNS(c) -> wait[c] = WAIT :: else fi;
  granted[c] = true;
#ifdef NO_QUESTION_DATE
  grant = TRUST(c);
#else
  if :: TRUST(c) > since -> grant = TRUST(c) - since :: else fi;
#endif
#ifdef JOINING
  if :: joining == 2 || (joining == 1 && role[c] == LEADS) -> home_knows = true :: else fi;
#endif
  if :: opens > 0 -> no_question() :: else fi
}

/* Rule 10: whoever leads notes what it has said. An answer by a later set makes those by an earlier one void. */
inline says_no(c) {
#ifdef JOINING
  if :: joining == 2 && !home_knows -> home_knows = true; noes = 0 :: else fi;
#endif
  noes = noes | (1 << c);
#ifndef NO_NOTED_ANSWER
  if :: role[c] == ALONE && OWNS(c) -> wait[c] = WAIT :: else fi
#endif
}

#define STEPS_OF(c) \
  :: d_step { quorum && MAY_LEAD(c) && !(role[c] == LEADS && owner == c) -> begins_term(c) } \
  :: d_step { role[c] != FOLLOWS -> ends_term(c) } \
  :: d_step { role[c] == LEADS -> role[c] = ALONE } \
  :: d_step { role[c] == ALONE && quorum -> role[c] = LEADS } \
  PROOF_OF(c) \
  :: d_step { asked && role[c] != FOLLOWS && TRUST(c) > 0 && (opens == 0 || opens == c + 1) && !SILENT(c) -> grants(c) } \
  :: d_step { asked && role[c] != LEADS && !(noes & (1 << c)) -> says_no(c) } \
  :: d_step { quorum && role[c] == LEADS && OWNS(c) && placed == 0 -> placed = 1; knows[c] = 1 } \
  :: d_step { start == false && role[c] != FOLLOWS && knows[c] == 1 && MAY_START(c) && !SILENT(c) -> \
       start = true; start_fits = true } \
  :: d_step { role[c] == LEADS && OWNS(c) && knows[c] == 1 && wait[c] == 0 && !shot[c] -> shot[c] = true } \
  :: atomic { quorum && shot[c] && OWNS(c) && placed == 1 -> \
       SEEN(1, c == 1 && burnt && stage == NONE); moves_away() } \
  :: d_step { role[c] == LEADS && shot[c] && OWNS(c) && placed == 2 -> knows[c] = 2; shot[c] = false } \
  :: d_step { quorum && role[c] == LEADS && shot[c] && owner == c && placed == 1 -> shot[c] = false } \
  :: d_step { quorum && role[c] == LEADS && OWNS(c) && placed == 1 && knows[c] == 1 && HOME_SAYS_GONE -> \
       moves_away(); knows[c] = 2 }

#ifdef NO_BEGIN_DATE           /* a proof counts from its answer */
#define PROOF_OF(c) \
  :: d_step { quorum && role[c] == LEADS && OWNS(c) && !landed[c] -> landed[c] = true } \
  :: d_step { landed[c] && role[c] != FOLLOWS -> landed[c] = false; trust[c] = L }
#else
#define PROOF_OF(c) \
  :: d_step { quorum && role[c] == LEADS && OWNS(c) && trust[c] < L -> trust[c] = L }
#endif

#ifdef NO_GRANTED_START        /* names a lineage that was only asked for */
#define MAY_START(c) asked
#else
#define MAY_START(c) granted[c]
#endif

#ifdef NO_TOMBSTONE
#define HOME_SAYS_GONE ((burnt && IS_GONE) || said_no)
#else
#define HOME_SAYS_GONE (burnt && IS_GONE)
#endif

#ifdef NO_NEW_LINEAGE
#define QUESTION_OPENS(whom) no_question(); question(0)
#else
#ifdef NO_SINGLE_GRANT
#define QUESTION_OPENS(whom) lineage_ends(); question(0)
#else
#define QUESTION_OPENS(whom) lineage_ends(); question(whom)
#endif
#endif

active proctype cluster() {
  role[0] = LEADS; wait[0] = WAIT; trust[0] = L; granted[0] = true; lease = FULL;
  do
  :: SETTLED -> break
  :: else ->
     if
     :: d_step { true -> time_passes() }
     :: quorum = !quorum

     /* controllers */
     STEPS_OF(0)
     STEPS_OF(1)
#ifdef JOINING
     :: d_step { quorum && role[0] == LEADS && owner == 0 && joining == 0 -> joining = 1 }
     :: d_step { quorum && joining == 1 && role[0] != ALONE -> joining = 2 }
#endif

     /* home: questions, and the barrier of rule 4 */
     :: d_step { MAY_HOLD -> question(0) }
     :: d_step { behind -> QUESTION_OPENS(1) }
     :: d_step { behind -> QUESTION_OPENS(2) }
     :: d_step { !behind && HAS_ENDED ->
          if :: CAN_BE_KILLED -> vanish() :: else fi;
          behind = true; lease = 0; lineage_ends() }

     /* home: grants, and unanimity in their place */
     :: d_step { grant > 0 && EXTENDS_BY_GRANT -> lasts(grant + SLACK); grant = 0; opens = 0 }
     :: atomic { grant > 0 && behind -> SEEN(2, placed == 2);
          behind = false; lease = grant + SLACK; grant = 0; opens = 0 }
     :: d_step { grant > 0 -> grant = 0 }
     :: atomic { asked && ALL_SAID_NO && since < L && EXTENDS_BY_ANSWERS ->
          SEEN(3, !quorum && stage == RUNS && trust[0] == 0 && trust[1] == 0 && lease < L - since + SLACK);
          lasts(L - since + SLACK); no_question() }

     /* home: starts; an incarnation is begun once, or refused once */
     :: d_step { start && !burnt && stage == NONE && start_fits && MAY_HOLD ->
          burnt = true; stage = SPAWNED; bonded = true; start = false; start_fits = false }
#ifdef NO_TOMBSTONE
     :: d_step { start && !burnt && stage == NONE -> said_no = true }
#else
     :: atomic { start && !burnt && stage == NONE -> SEEN(4, placed == 2 && MAY_HOLD && !start_fits);
          burnt = true; start = false; start_fits = false }
#endif
     :: d_step { stage == SPAWNED -> vanish() }                     /* the agent closes an entry that has no pid */

     /* home: the spawned process, which may hang before each of its steps */
#ifdef NO_RECORD_FIRST
     :: d_step { stage == SPAWNED ->
          if :: SPAWNED_UNDER_THIS && MAY_HOLD -> stage = CHECKED_UNRECORDED :: else -> vanish() fi }
     :: d_step { stage == CHECKED_UNRECORDED -> stage = CHECKED }
#else
     :: d_step { stage == SPAWNED -> stage = RECORDED }
     :: atomic { stage == RECORDED ->
          if
          :: SPAWNED_UNDER_THIS && MAY_HOLD -> stage = CHECKED
          :: else -> SEEN(5, placed == 2 && MAY_HOLD); vanish()
          fi }
#endif
     :: d_step { stage == CHECKED -> stage = RUNS; assert(placed != 2) }
     :: d_step { stage == RUNS -> vanish() }                        /* the guest ends by itself */
     :: d_step { HAS_ENDED && CAN_BE_KILLED -> vanish() }           /* the guard, somewhat before it must */
     fi
  od
}
