use super::*;

fn at(port: u16) -> Address {
    Address::Host {
        host: "h".into(),
        port,
    }
}

fn search(sentinels: &[u16]) -> Discovery {
    let sentinels = sentinels.iter().copied().map(at).collect();
    Discovery::new("m", Role::Primary, sentinels)
}

fn says(primary: u16) -> Answer {
    Answer {
        primary: Some(at(primary)),
        ..Answer::default()
    }
}

fn down() -> Error {
    Error::new(ErrorKind::Connection, "ConnectionRefused", "refused")
}

/// The steps as words.
fn step(search: &mut Discovery, hurry: bool) -> String {
    match search.step(hurry) {
        Step::Ask(sentinel) => format!("ask {sentinel}"),
        Step::Try(server) => format!("try {server}"),
        Step::Wait => "wait".into(),
        Step::Exhausted { error, passing } => format!("{} {passing}", error.code()),
    }
}

#[test]
fn the_first_answer_is_tried() {
    let mut search = search(&[1, 2]);
    assert_eq!(step(&mut search, false), "ask h:1");
    assert_eq!(step(&mut search, false), "wait");
    search.answered(&at(1), says(7));
    assert_eq!(step(&mut search, false), "try h:7");
    assert_eq!(search.trying().unwrap().source, Source::Sentinel(at(1)));
}

#[test]
fn a_slow_sentinel_gets_company_up_to_a_limit() {
    let mut search = search(&[1, 2, 3, 4]);
    for expected in ["ask h:1", "ask h:2", "ask h:3", "wait"] {
        assert_eq!(step(&mut search, true), expected);
    }
    search.failed(at(2), down());
    assert_eq!(step(&mut search, true), "ask h:4");
    search.answered(&at(4), says(7));
    assert_eq!(step(&mut search, true), "try h:7");
}

#[test]
fn a_rejected_server_is_not_tried_again_and_another_word_is() {
    let mut search = search(&[1, 2, 3]);
    step(&mut search, false);
    search.answered(&at(1), says(7));
    step(&mut search, false);
    search.rejected(down(), true);
    assert_eq!(step(&mut search, false), "ask h:2");
    search.answered(&at(2), says(7));
    assert_eq!(step(&mut search, false), "ask h:3");
    search.answered(&at(3), says(8));
    assert_eq!(step(&mut search, false), "try h:8");
    search.rejected(down(), false);
    assert_eq!(step(&mut search, false), "ConnectionRefused false");
}

#[test]
fn what_was_announced_is_tried_before_anyone_is_asked() {
    let mut search = search(&[1]);
    search.announced(at(9));
    assert_eq!(step(&mut search, false), "try h:9");
    assert_eq!(search.trying().unwrap().source, Source::Announced);
    search.rejected(down(), true);
    assert_eq!(step(&mut search, false), "ask h:1");
}

#[test]
fn unknown_is_not_unreachable() {
    let mut unknown = search(&[1, 2]);
    step(&mut unknown, false);
    unknown.answered(&at(1), Answer::default());
    step(&mut unknown, false);
    unknown.answered(&at(2), Answer::default());
    assert_eq!(
        step(&mut unknown, false),
        "ERR_REDIS_SENTINEL_UNKNOWN_NAME false"
    );

    let mut partly = search(&[1, 2]);
    step(&mut partly, false);
    partly.failed(at(1), down());
    step(&mut partly, false);
    partly.answered(&at(2), Answer::default());
    assert_eq!(
        step(&mut partly, false),
        "ERR_REDIS_SENTINEL_UNKNOWN_NAME true"
    );

    let mut unreachable = search(&[1]);
    step(&mut unreachable, false);
    unreachable.failed(at(1), down());
    assert_eq!(
        step(&mut unreachable, false),
        "ERR_REDIS_SENTINEL_UNREACHABLE true"
    );
}

#[test]
fn a_login_that_all_refuse_is_the_reason() {
    let mut search = search(&[1]);
    step(&mut search, false);
    let refused = Error::new(
        ErrorKind::Credentials,
        "ERR_REDIS_AUTHENTICATION_FAILED",
        "no",
    );
    search.failed(at(1), refused);
    assert_eq!(
        step(&mut search, false),
        "ERR_REDIS_AUTHENTICATION_FAILED false"
    );
}

#[test]
fn sentinels_that_are_told_are_asked_too_and_none_twice() {
    let mut search = search(&[1]);
    step(&mut search, false);
    search.answered(
        &at(1),
        Answer {
            sentinels: vec![at(1), at(2)],
            ..Answer::default()
        },
    );
    assert_eq!(step(&mut search, false), "ask h:2");
    let liar = Answer {
        sentinels: (100..300).map(at).collect(),
        ..Answer::default()
    };
    search.answered(&at(2), liar);
    let mut asked = 2;
    while let Step::Ask(sentinel) = search.step(false) {
        asked += 1;
        search.failed(sentinel, down());
    }
    assert_eq!(asked, MOST_ASKED);
}

#[test]
fn replicas_are_tried_in_turn() {
    let mut search = Discovery::new("m", Role::Replica, vec![at(1), at(2)]);
    step(&mut search, false);
    search.answered(
        &at(1),
        Answer {
            replicas: vec![at(8), at(9)],
            ..says(7)
        },
    );
    assert_eq!(step(&mut search, false), "try h:8");
    assert_eq!(step(&mut search, false), "try h:9");
    step(&mut search, false);
    search.answered(&at(2), says(7));
    assert_eq!(
        step(&mut search, false),
        "ERR_REDIS_SENTINEL_NO_REPLICA true"
    );
}
