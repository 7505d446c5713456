package io.kelpie.agent.capability;

import java.nio.file.Path;

/** Opens /dev/kvm and asks it what it is. */
interface KvmDevice {
    /**
     * What came of it.
     *
     * @param openErrno error of open(2); 0 if it opened
     * @param apiVersion answer to KVM_GET_API_VERSION; 0 if it failed
     * @param apiErrno error of that call; 0 if it answered
     * @param createErrno error of KVM_CREATE_VM; 0 if it made a VM (which is gone again)
     */
    record Answer(int openErrno, int apiVersion, int apiErrno, int createErrno) {}

    /** Opens and closes the device. */
    Answer ask(Path device);
}
