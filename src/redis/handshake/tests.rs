use super::*;
use crate::redis::introduction::tests::{introduction, named, words};

fn refusal(introduction: Introduction, replies: &[&'static str]) -> (String, String, bool) {
    let mut handshake = Handshake::start(introduction).0;
    for reply in replies {
        if let Step::Refused { error, passing } = handshake.reply((*reply).into()) {
            return (error.code().into(), error.message().into(), passing);
        }
    }
    panic!("{replies:?} were accepted");
}

#[test]
fn a_map_or_ok_is_a_greeting() {
    for reply in ["%0\r\n", "+OK\r\n"] {
        let mut handshake = Handshake::start(Introduction::default()).0;
        assert!(matches!(handshake.reply(reply.into()), Step::Greeted(frame) if frame == reply));
        assert!(handshake.is_done());
    }
}

#[test]
fn select_is_awaited_and_a_refused_library_is_not_minded() {
    let mut handshake = Handshake::start(named(introduction("", "", 1))).0;
    assert!(matches!(handshake.reply("%0\r\n".into()), Step::Greeted(_)));
    for reply in ["+OK\r\n", "-ERR unknown subcommand\r\n", "-ERR no\r\n"] {
        assert!(!handshake.is_done());
        assert!(matches!(handshake.reply(reply.into()), Step::Next));
    }
    assert!(handshake.is_done());
}

#[test]
fn a_server_without_hello_is_logged_in_to_the_old_way() {
    for refusal in [
        "-ERR unknown command 'HELLO', with args beginning with: '3'\r\n",
        "-NOPERM this user has no permissions to run the 'hello' command\r\n",
        "-NOPROTO unsupported protocol version\r\n",
        "-NOAUTH Authentication required.\r\n",
    ] {
        let mut handshake = Handshake::start(named(introduction("u", "pw", 2))).0;
        let Step::Send(bytes) = handshake.reply(refusal.into()) else {
            panic!("no second packet after {refusal}");
        };
        assert_eq!(
            words(&bytes),
            "AUTH u pw\nCLIENT SETNAME worker\nSELECT 2\n\
             CLIENT SETINFO LIB-NAME lib\nCLIENT SETINFO LIB-VER 1.0"
        );
        // The answers to what came behind HELLO, then those to the second packet.
        let noauth = "-NOAUTH Authentication required.\r\n";
        let replies = [
            noauth, noauth, noauth, "+OK\r\n", "+OK\r\n", "+OK\r\n", "-ERR\r\n",
        ];
        for reply in replies {
            assert!(matches!(handshake.reply(reply.into()), Step::Next));
        }
        assert!(
            matches!(handshake.reply("-ERR\r\n".into()), Step::Greeted(frame) if frame == RESP2_GREETING)
        );
        assert!(handshake.is_done());
    }
}

#[test]
fn without_anything_to_say_the_old_protocol_is_ready_at_once() {
    let mut handshake = Handshake::start(Introduction::default()).0;
    let step = handshake.reply("-ERR unknown command `HELLO`\r\n".into());
    assert!(matches!(step, Step::Greeted(_)) && handshake.is_done());
}

#[test]
fn refusals_carry_the_servers_text_and_a_code() {
    let authentication = "ERR_REDIS_AUTHENTICATION_FAILED".to_owned();
    let refused = |replies| refusal(introduction("", "pw", 1), replies);
    assert_eq!(
        refused(&["-WRONGPASS no\r\n"]),
        (authentication.clone(), "WRONGPASS no".into(), false)
    );
    assert_eq!(
        refused(&["+HI\r\n"]).1,
        "Authentication failed (unexpected response)"
    );
    assert_eq!(
        refused(&["*0\r\n"]).1,
        "Authentication failed with unexpected response"
    );
    assert_eq!(
        refused(&[
            "-ERR unknown command\r\n",
            "-NOAUTH\r\n",
            "-ERR invalid password\r\n"
        ]),
        (authentication, "ERR invalid password".into(), false)
    );
    assert_eq!(
        refused(&["%0\r\n", "-ERR DB index is out of range\r\n"]),
        (
            "ERR_REDIS_INVALID_COMMAND".into(),
            "ERR DB index is out of range".into(),
            false
        )
    );
    assert_eq!(
        refused(&["%0\r\n", "+NO\r\n"]).1,
        "SELECT command failed with non-OK response"
    );
}

#[test]
fn a_server_of_the_wrong_role_is_refused_for_now() {
    let wants = |role| Introduction {
        role: Some(role),
        ..introduction("", "pw", 1)
    };
    let (hello, master) = (
        "%1\r\n$4\r\nrole\r\n$6\r\nmaster\r\n",
        "*1\r\n$6\r\nmaster\r\n",
    );
    let noperm = "-NOPERM no permissions\r\n";
    for answer in [master, noperm] {
        let mut handshake = Handshake::start(wants(Role::Primary)).0;
        assert!(matches!(handshake.reply(hello.into()), Step::Next));
        let step = handshake.reply(answer.into());
        assert!(matches!(step, Step::Greeted(frame) if frame == hello));
        assert!(matches!(handshake.reply("+OK\r\n".into()), Step::Next));
        assert!(handshake.is_done());
        let (code, _, passing) = refusal(wants(Role::Replica), &[hello, answer]);
        assert_eq!((code.as_str(), passing), (WRONG_ROLE, true));
    }
    let sentinel = "*1\r\n$8\r\nsentinel\r\n";
    assert_eq!(
        refusal(wants(Role::Primary), &[hello, sentinel]).0,
        WRONG_ROLE
    );
    let old = [
        "-ERR unknown command\r\n",
        "-NOAUTH\r\n",
        "-NOAUTH\r\n",
        "+OK\r\n",
    ];
    let mut replies = old.to_vec();
    replies.push("*1\r\n$5\r\nslave\r\n");
    assert_eq!(refusal(wants(Role::Primary), &replies).0, WRONG_ROLE);
}

#[test]
fn a_server_that_does_not_tell_of_changed_keys_is_refused() {
    let tracking = || Introduction {
        tracking: Some(tracking::Tracking::Read),
        ..Introduction::default()
    };
    for replies in [
        &["-ERR unknown command 'HELLO'\r\n"][..],
        &["%0\r\n", "-ERR unknown subcommand\r\n"],
    ] {
        let (code, _, passing) = refusal(tracking(), replies);
        assert_eq!(code, "ERR_REDIS_TRACKING_UNSUPPORTED");
        assert!(!passing);
    }
    let mut handshake = Handshake::start(tracking()).0;
    assert!(matches!(handshake.reply("%0\r\n".into()), Step::Greeted(_)));
    assert!(!handshake.is_done());
    assert!(matches!(handshake.reply("+OK\r\n".into()), Step::Next));
    assert!(handshake.is_done());
}

#[test]
fn some_refusals_pass() {
    for text in [
        "-LOADING Redis is loading the dataset in memory\r\n",
        "-ERR max number of clients reached\r\n",
    ] {
        assert!(refusal(introduction("", "pw", 0), &[text]).2, "{text}");
    }
    let select = ["%0\r\n", "-MASTERDOWN Link with MASTER is down\r\n"];
    assert!(refusal(introduction("", "", 1), &select).2);
}
