use super::*;

fn texts(texts: &[&str]) -> Value {
    Value::Array(
        texts
            .iter()
            .map(|text| Value::Bulk((*text).into()))
            .collect(),
    )
}

fn map(texts: &[&str]) -> Value {
    let bulk = |text: &str| Value::Bulk(text.into());
    let pairs = texts.chunks(2).map(|pair| (bulk(pair[0]), bulk(pair[1])));
    Value::Map(pairs.collect())
}

fn at(text: &str) -> Address {
    crate::redis::url::parse(text).unwrap().address
}

#[test]
fn an_answer_in_either_protocol() {
    let up = ["ip", "r1", "port", "1", "flags", "slave"];
    let down = [
        "ip",
        "r2",
        "port",
        "2",
        "flags",
        "s_down,slave,disconnected",
    ];
    let other = ["name", "id", "ip", "s2", "port", "26379"];
    let master = ["ip", "p", "port", "6379", "config-epoch", "7"];
    for record in [texts, map] {
        let answer = Answer::of([
            texts(&["p", "6379"]),
            record(&master),
            Value::Array(vec![record(&up), record(&down), Value::Null]),
            Value::Array(vec![record(&other), record(&["ip", "s3"])]),
        ]);
        let expected = Answer {
            primary: Some(at("p:6379")),
            epoch: 7,
            replicas: vec![at("r1:1")],
            sentinels: vec![at("s2:26379")],
        };
        assert_eq!(answer.unwrap(), expected);
    }
}

#[test]
fn an_unknown_group_is_no_error() {
    let no = || Value::Error("ERR No such master with that name".into());
    let answer = Answer::of([Value::Null, no(), no(), no()]).unwrap();
    assert_eq!(answer, Answer::default());
}

#[test]
fn what_an_old_sentinel_does_not_know_is_left_out() {
    let no = || Value::Error("ERR Unknown sentinel subcommand".into());
    let answer = Answer::of([texts(&["p", "1"]), no(), no(), no()]).unwrap();
    assert_eq!(answer.primary, Some(at("p:1")));
    assert!(answer.replicas.is_empty());
}

#[test]
fn hostile_answers_are_refused_or_cut() {
    let none = || Value::Array(Vec::new());
    let primary = |value| Answer::of([value, none(), none(), none()]);
    let long = "h".repeat(LONGEST_HOST + 1);
    for parts in [
        &["", "1"][..],
        &["h", "0"],
        &["h", "65536"],
        &["h", "x"],
        &["h\r\n", "1"],
        &["../h", "1"],
        &[&long, "1"],
        &["h"],
        &["h", "1", "2"],
    ] {
        let refused = primary(texts(parts)).unwrap_err();
        assert_eq!(refused.code(), "ERR_REDIS_INVALID_RESPONSE", "{parts:?}");
    }
    assert!(primary(Value::Integer(1)).is_err());
    assert!(primary(Value::Error("NOAUTH".into())).is_err());
    let many = vec![texts(&["ip", "s", "port", "1"]); 10_000];
    let answer = Answer::of([
        texts(&["p", "1"]),
        none(),
        Value::Array(many.clone()),
        Value::Array(many),
    ])
    .unwrap();
    assert_eq!(
        (answer.replicas.len(), answer.sentinels.len()),
        (MOST, MOST)
    );
}

#[test]
fn announcements_are_about_a_group() {
    let on = |channel: &str, text: &str| {
        Announcement::of_message("m", channel.as_bytes(), text.as_bytes())
    };
    let of = |text: &str| on(SWITCH, text);
    let promoted = "slave 2.2.2.2:2 2.2.2.2 2 @ m 1.1.1.1 1";
    assert_eq!(on(PROMOTED, promoted).unwrap().primary, at("2.2.2.2:2"));
    assert_eq!(on(PROMOTED, "slave 2:2 2 2 @ n 1 1"), None);
    assert_eq!(on(SWITCH, promoted), None);
    assert_eq!(on(PROMOTED, "m 1.1.1.1 1 2.2.2.2 2"), None);
    assert_eq!(
        of("m 1.1.1.1 1 2.2.2.2 2").unwrap().primary,
        at("2.2.2.2:2")
    );
    for other in ["n 1 1 2 2", "m 1 1 2", "m 1 1 2 x", "m 1 1 2 2 2", "", "m"] {
        assert_eq!(of(other), None, "{other}");
    }
    let master = texts(&["ip", "p", "port", "1", "config-epoch", "3"]);
    let announcement = Announcement::of(&texts(&["q", "2"]), &master).unwrap();
    assert_eq!(announcement.epoch, Some(3));
    assert_eq!(announcement.primary, at("q:2"));
    assert!(Announcement::of(&Value::Null, &master).is_err());
}
