use super::*;
use crate::redis::config::Options;
use crate::redis::endpoint::Endpoint;
use crate::redis::lane::{Batch, Event};
use crate::redis::meta::Meta;

#[derive(Default)]
struct Failures(Mutex<Vec<u32>>);

impl Sink for Failures {
    fn replies(&self, _: Batch) {}
    fn failed(&self, ids: Vec<u32>, _: &Error) {
        self.0.lock().unwrap().extend(ids);
    }
    fn event(&self, _: Event) {}
}

#[test]
fn nothing_is_held_for_a_shared_connection_that_has_ended() {
    // Accepts connections and says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let config = Config {
        target: crate::redis::url::parse(&url).unwrap(),
        options: Options::default(),
    };
    let failures = Arc::new(Failures::default());
    let sink: Arc<dyn Sink> = Arc::clone(&failures) as _;
    let endpoint = Endpoint::new(config, sink, || Arc::new(Failures::default()));
    let run = |id| {
        let meta = Meta(Meta::HOLDS);
        endpoint
            .spares
            .run(Bytes::new(), Entry { id, meta }, None, 0);
    };
    endpoint.connect(9);
    run(1);
    assert_eq!(endpoint.spares.counts().waiting, 1);
    endpoint.close();
    // The end came between the look at the shared connection and this.
    run(2);
    assert_eq!(endpoint.spares.counts().waiting, 0);
    assert_eq!(*failures.0.lock().unwrap(), [9, 1, 2]);
}
