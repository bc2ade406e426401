mod group {
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/redis.rs"));
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/sentinel.rs"));
}

/// Runs a documentation example with the sentinel of a group `mymaster` of its own.
pub fn run(example: impl AsyncFnOnce(String) -> s3_valkey::Result<()>) {
    let group = group::Group::start();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime
        .block_on(example(group.sentinel()))
        .expect("the example works");
}
