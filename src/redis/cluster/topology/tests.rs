use super::*;

/// Writes a reply as a server would: `map` as RESP3 does, or flat as RESP2.
#[derive(Clone)]
enum Said {
    Text(&'static str),
    Null,
    Number(i64),
    List(Vec<Said>),
    Map(Vec<(&'static str, Said)>),
}
use Said::{List, Map, Null, Number, Text};

impl Said {
    fn frame(&self, resp3: bool) -> String {
        match self {
            Text(text) => format!("${}\r\n{text}\r\n", text.len()),
            Null => if resp3 { "_\r\n" } else { "$-1\r\n" }.to_owned(),
            Number(number) => format!(":{number}\r\n"),
            List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.frame(resp3)).collect();
                format!("*{}\r\n{}", items.len(), items.concat())
            }
            Map(pairs) => {
                let items: Vec<String> = pairs
                    .iter()
                    .flat_map(|(name, value)| [Text(name).frame(resp3), value.frame(resp3)])
                    .collect();
                if resp3 {
                    format!("%{}\r\n{}", pairs.len(), items.concat())
                } else {
                    format!("*{}\r\n{}", items.len(), items.concat())
                }
            }
        }
    }
}

fn at(host: &str, port: u16) -> Address {
    let host = host.to_owned();
    Address::Host { host, port }
}

fn understood(
    said: &Said,
    tls: bool,
    by: fn(&[u8], Asked<'_>) -> Option<Topology>,
) -> Option<Topology> {
    let address = at("asked", 7000);
    let asked = Asked {
        address: &address,
        tls,
    };
    let [old, new] = [false, true].map(|resp3| by(said.frame(resp3).as_bytes(), asked));
    assert_eq!(old, new);
    // However little of it comes, it is understood or not, and nothing else happens.
    let frame = said.frame(true);
    for end in 0..frame.len() {
        let _ = by(&frame.as_bytes()[..end], asked);
    }
    new
}

fn node(role: &'static str, health: &'static str, more: &[(&'static str, Said)]) -> Said {
    let mut fields = vec![
        ("id", Text("0123")),
        ("port", Number(7001)),
        ("tls-port", Number(8001)),
        ("ip", Text("10.0.0.1")),
        ("role", Text(role)),
        ("health", Text(health)),
    ];
    fields.extend_from_slice(more);
    Map(fields)
}

fn shard(slots: &[i64], nodes: Vec<Said>) -> Said {
    let slots = slots.iter().map(|slot| Number(*slot)).collect();
    Map(vec![("slots", List(slots)), ("nodes", List(nodes))])
}

#[test]
fn shards_with_replicas_zones_and_health() {
    let zone = [
        ("endpoint", Text("10.0.0.2")),
        ("availability-zone", Text("z1")),
    ];
    let said = List(vec![shard(
        &[0, 9, 20, 20],
        vec![
            node("replica", "loading", &zone),
            node("master", "online", &[("endpoint", Text("10.0.0.1"))]),
        ],
    )]);
    let topology = understood(&said, false, shards).unwrap();
    assert_eq!(
        topology.shards,
        [Shard {
            slots: vec![(0, 9), (20, 20)],
            primary: Member {
                address: at("10.0.0.1", 7001),
                alias: None,
                zone: None,
                healthy: true
            },
            replicas: vec![Member {
                address: at("10.0.0.2", 7001),
                alias: None,
                zone: Some("z1".into()),
                healthy: false
            }],
        }]
    );
}

#[test]
fn hosts_that_are_not_known_are_those_of_the_asked_node() {
    for endpoint in [Text(""), Text("?"), Null] {
        let said = List(vec![shard(
            &[0, 1],
            vec![node("master", "online", &[("endpoint", endpoint)])],
        )]);
        let topology = understood(&said, false, shards).unwrap();
        assert_eq!(topology.shards[0].primary.address, at("asked", 7001));
    }
    for endpoint in [Text(""), Text("?"), Null] {
        let node = List(vec![endpoint, Number(7001), Text("id")]);
        let said = List(vec![List(vec![Number(0), Number(5), node])]);
        let topology = understood(&said, false, slots).unwrap();
        assert_eq!(topology.shards[0].primary.address, at("asked", 7001));
    }
}

#[test]
fn tls_has_its_own_port_and_prefers_names() {
    let named = [
        ("endpoint", Text("10.0.0.1")),
        ("hostname", Text("n1.example")),
    ];
    let said = List(vec![shard(&[0, 1], vec![node("master", "online", &named)])]);
    let shard = understood(&said, true, shards).unwrap().shards.remove(0);
    assert_eq!(shard.primary.alias, Some(at("10.0.0.1", 8001)));
    let of = |tls| {
        understood(&said, tls, shards).unwrap().shards[0]
            .primary
            .address
            .clone()
    };
    assert_eq!(of(true), at("n1.example", 8001));
    assert_eq!(of(false), at("10.0.0.1", 7001));
    let about = Map(vec![("hostname", Text("n1.example"))]);
    let node = List(vec![Text("10.0.0.1"), Number(8001), Text("id"), about]);
    let said = List(vec![List(vec![Number(0), Number(5), node])]);
    let topology = understood(&said, true, slots).unwrap();
    assert_eq!(topology.shards[0].primary.address, at("n1.example", 8001));
}

#[test]
fn a_primary_that_has_failed_gives_way_to_another() {
    let named = |host| [("endpoint", Text(host))];
    let nodes = vec![
        node("master", "fail", &named("10.0.0.1")),
        node("master", "online", &named("10.0.0.2")),
    ];
    let topology = understood(&List(vec![shard(&[0, 1], nodes)]), false, shards).unwrap();
    assert_eq!(topology.shards[0].primary.address, at("10.0.0.2", 7001));
    let nodes = vec![node("master", "fail", &named("10.0.0.1"))];
    let topology = understood(&List(vec![shard(&[0, 1], nodes)]), false, shards).unwrap();
    assert!(!topology.shards[0].primary.healthy);
}

#[test]
fn ranges_of_one_primary_are_one_shard() {
    let node = |host, port| List(vec![Text(host), Number(port), Text("id")]);
    let range = |from, to, nodes: &[Said]| List([&[Number(from), Number(to)], nodes].concat());
    let said = List(vec![
        range(0, 5, &[node("::1", 7001), node("::1", 7002)]),
        range(7, 7, &[node("::1", 7001), node("::1", 7002)]),
        range(8, 9, &[]),
    ]);
    let topology = understood(&said, false, slots).unwrap();
    assert_eq!(topology.shards.len(), 1);
    assert_eq!(topology.shards[0].slots, [(0, 5), (7, 7)]);
    assert_eq!(topology.shards[0].replicas[0].address, at("::1", 7002));
}

#[test]
fn an_empty_or_senseless_map_is_none() {
    let online = || vec![node("master", "online", &[("endpoint", Text("h"))])];
    for said in [
        List(vec![]),
        Null,
        Text("x"),
        Number(1),
        List(vec![Number(1)]),
        List(vec![shard(&[], online())]),
        List(vec![shard(&[0], online())]),
        List(vec![shard(&[0, 16384], online())]),
        List(vec![shard(&[-1, 5], online())]),
        List(vec![shard(&[0, 5], vec![])]),
    ] {
        assert_eq!(understood(&said, false, shards), None);
    }
    let node = |port| List(vec![Text("h"), Number(port)]);
    for said in [
        List(vec![]),
        List(vec![List(vec![Number(0)])]),
        List(vec![List(vec![Number(0), Number(70000), node(1)])]),
        List(vec![List(vec![Number(0), Number(1), node(0)])]),
        List(vec![List(vec![Number(0), Number(1), node(65536)])]),
    ] {
        assert_eq!(understood(&said, false, slots), None);
    }
}

#[test]
fn the_epoch_is_found() {
    let info = "cluster_state:ok\r\ncluster_current_epoch:17\r\ncluster_my_epoch:3\r\n";
    let frame = format!("${}\r\n{info}\r\n", info.len());
    assert_eq!(epoch(frame.as_bytes()), 17);
    assert_eq!(epoch(b"$1\r\nx\r\n"), 0);
    assert_eq!(epoch(b"-ERR\r\n"), 0);
    assert_eq!(epoch(b""), 0);
}

#[test]
fn the_zone_is_found_where_a_node_tells_of_itself() {
    let hello = "%2\r\n+modules\r\n*1\r\n+x\r\n+availability_zone\r\n$4\r\neu-1\r\n";
    assert_eq!(zone_of_greeting(hello.as_bytes()), Some("eu-1".into()));
    let info =
        |text: &str| zone_of_info(format!("={}\r\ntxt:{text}\r\n", text.len() + 4).as_bytes());
    let zone = info("# Server\r\navailability_zone:eu-1\r\nhz:10\r\n");
    assert_eq!(zone, Some("eu-1".into()));
    // A node without one leaves it empty; others have not the words.
    assert_eq!(info("availability_zone:\r\nhz:10\r\n"), None);
    assert_eq!(info("hz:10\r\n"), None);
    for frame in [
        "%1\r\n+availability_zone\r\n$0\r\n\r\n",
        "%1\r\n+proto\r\n:3\r\n",
        "-NOPERM\r\n",
        "",
    ] {
        assert_eq!(zone_of_greeting(frame.as_bytes()), None, "{frame}");
        assert_eq!(zone_of_info(frame.as_bytes()), None, "{frame}");
    }
}
