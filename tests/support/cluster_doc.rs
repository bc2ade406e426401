mod cluster {
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/cluster.rs"));
}

/// Runs a documentation example against a cluster of its own.
pub fn run(example: impl AsyncFnOnce(String) -> s3_valkey::Result<()>) {
    let cluster = cluster::TestCluster::start();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime
        .block_on(example(cluster.url()))
        .expect("the example works");
}
