package io.kelpie.controller.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.kelpie.proto.v1.Job;
import io.kelpie.proto.v1.ListJobsRequest;
import io.kelpie.proto.v1.ListJobsResponse;
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.ListVmsResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListingTest {
    private final TestApi api = TestApi.leading();

    @AfterEach
    void close() {
        api.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 6, 500})
    void pagesOfVmsGiveEachVmOnceInTheOrderOfNamesAndOrdinals(int size) {
        api.apply("default", "b", 2);
        api.apply("default", "a", 2);
        api.apply("zoo", "a", 1);
        List<String> names = new ArrayList<>();
        String token = "";
        do {
            ListVmsResponse page = api.vms.listVms(ListVmsRequest.newBuilder()
                    .setPageSize(size)
                    .setPageToken(token)
                    .build());
            assertThat(page.getVmsList()).hasSizeBetween(1, size);
            page.getVmsList().forEach(vm -> names.add(vm.getRecord().getNamespace() + "/" + vm.getName()));
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        assertThat(names).containsExactly("default/a-0", "default/a-1", "default/b-0", "default/b-1", "zoo/a-0");
    }

    @Test
    void ordinalsAreOrderedAsNumbers() {
        api.apply("default", "a", 12);
        ListVmsResponse page = api.vms.listVms(ListVmsRequest.newBuilder()
                .setPageSize(2)
                .setPageToken("default/a-9")
                .build());
        assertThat(page.getVmsList()).extracting(vm -> vm.getName()).containsExactly("a-10", "a-11");
        assertThat(page.getNextPageToken()).isEmpty();
    }

    @Test
    void aPageGoesOnWhereTheLastEndedEvenIfThatVmIsGone() {
        api.apply("default", "a", 3);
        ListVmsResponse first =
                api.vms.listVms(ListVmsRequest.newBuilder().setPageSize(2).build());
        api.apply("default", "a", 1);
        api.apply("default", "b", 1);
        ListVmsResponse second = api.vms.listVms(ListVmsRequest.newBuilder()
                .setPageToken(first.getNextPageToken())
                .build());
        assertThat(second.getVmsList()).extracting(vm -> vm.getName()).containsExactly("b-0");
    }

    @Test
    void filtersCountOnlyWhatTheyLetThrough() {
        api.apply("default", "a", 2);
        api.apply("zoo", "a", 2);
        api.apply("zoo", "b", 1);
        ListVmsResponse page = api.vms.listVms(ListVmsRequest.newBuilder()
                .setNamespace("zoo")
                .setJob("a")
                .putLabels("of", "zoo")
                .setPageSize(2)
                .build());
        assertThat(page.getVmsList()).extracting(vm -> vm.getName()).containsExactly("a-0", "a-1");
        assertThat(page.getNextPageToken()).as("nothing more passes").isEmpty();
        assertThat(api.vms
                        .listVms(ListVmsRequest.newBuilder()
                                .setNamespace("zoo")
                                .putLabels("of", "default")
                                .build())
                        .getVmsList())
                .isEmpty();
    }

    @Test
    void pagesOfJobsGiveEachJobOnce() {
        api.apply("default", "b", 1);
        api.apply("default", "a", 2);
        api.apply("zoo", "a", 1);
        ListJobsResponse first =
                api.jobs.listJobs(ListJobsRequest.newBuilder().setPageSize(2).build());
        ListJobsResponse second = api.jobs.listJobs(ListJobsRequest.newBuilder()
                .setPageSize(2)
                .setPageToken(first.getNextPageToken())
                .build());
        assertThat(first.getJobsList()).extracting(ListingTest::key).containsExactly("default/a", "default/b");
        assertThat(second.getJobsList()).extracting(ListingTest::key).containsExactly("zoo/a");
        assertThat(second.getNextPageToken()).isEmpty();
        assertThat(first.getJobs(0).getVmCountsList()).singleElement().satisfies(count -> {
            assertThat(count.getState()).isEqualTo("PENDING");
            assertThat(count.getCount()).isEqualTo(2);
        });
    }

    private static String key(Job job) {
        return job.getSpec().getNamespace() + "/" + job.getSpec().getName();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 501, Integer.MIN_VALUE})
    void aPageOfAnotherSizeIsRefused(int size) {
        assertThat(TestApi.refused(
                                Status.Code.INVALID_ARGUMENT,
                                "INVALID_FIELD",
                                () -> api.vms.listVms(ListVmsRequest.newBuilder()
                                        .setPageSize(size)
                                        .build()))
                        .getMetadataMap())
                .containsEntry("field", "page_size");
        TestApi.refused(
                Status.Code.INVALID_ARGUMENT,
                "INVALID_FIELD",
                () -> api.jobs.listJobs(
                        ListJobsRequest.newBuilder().setPageSize(size).build()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "default/x", "default/x-", "/", "default/x-99999999999", "a\nb/c"})
    void aTokenThatIsNoneOfOursIsRefused(String token) {
        assertThat(TestApi.refused(
                                Status.Code.INVALID_ARGUMENT,
                                "INVALID_FIELD",
                                () -> api.vms.listVms(ListVmsRequest.newBuilder()
                                        .setPageToken(token)
                                        .build()))
                        .getMetadataMap())
                .containsEntry("field", "page_token");
    }

    @Test
    void aJobTokenThatIsNoneOfOursIsRefused() {
        TestApi.refused(
                Status.Code.INVALID_ARGUMENT,
                "INVALID_FIELD",
                () -> api.jobs.listJobs(
                        ListJobsRequest.newBuilder().setPageToken("x").build()));
    }
}
