mod redis {
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/redis.rs"));
}

/// Runs a documentation example against a server of its own.
pub fn run(example: impl AsyncFnOnce(String) -> s3_valkey::Result<()>) {
    let server = redis::Redis::start();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime
        .block_on(example(server.url()))
        .expect("the example works");
}
