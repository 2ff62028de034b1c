//! Promises of the protocol that only a verifying host looks at: where a guest writes, that
//! an announced item comes, and that an ended stream stays ended.

use bench_host::error::StreamError as E;
use bench_protocol::payload::PayloadKind;
use bench_protocol::size_plan::SizeTable;
use bench_protocol::spec::{Decode, ENDLESS, Observe, Protocol, SessionConfig, StreamConfig};
use bench_protocol::status;

use crate::scripted::{ScriptedGuest, Step};

/// Bytes that the host lends at first.
const LENT: isize = 64;

fn config(protocol: Protocol, observe: Observe) -> SessionConfig {
    let sizes = SizeTable::new(vec![8], 0).expect("a table of one size");
    let stream = StreamConfig {
        items: ENDLESS,
        ..StreamConfig::new(PayloadKind::U64, sizes)
    };
    SessionConfig {
        decode: Decode::None,
        observe,
        ..SessionConfig::new(stream, protocol)
    }
}

/// How a stream of these steps ends, verified to its end and asked again.
fn verified(protocol: Protocol, steps: &[Step]) -> Result<(), E> {
    let guest = ScriptedGuest::new(steps.iter().cloned());
    let mut session = guest.pair().open(&config(protocol, Observe::Verify))?;
    let result = session.drain(ENDLESS);
    let result = match result {
        Ok(()) => {
            assert!(session.ended());
            session.drain(1)
        }
        error => error,
    };
    drop(session);
    assert_eq!(guest.script().drops, 1, "calls of drop_fn");
    result
}

fn item(bytes: usize) -> Step {
    Step::Item(vec![7; bytes])
}

fn stray(at: isize, bytes: usize) -> Result<(), E> {
    verified(
        Protocol::Arena,
        &[item(8), Step::Strays(vec![7; 8], at, bytes)],
    )
}

#[test]
fn a_guest_that_keeps_its_promises_passes() {
    for protocol in [Protocol::Arena, Protocol::Alloc] {
        assert_eq!(verified(protocol, &[item(8), item(9000), item(0)]), Ok(()));
    }
    assert_eq!(stray(8, 56), Ok(()), "within what was lent");
}

#[test]
fn one_byte_beyond_what_was_lent_is_noticed_and_a_page_as_well() {
    for bytes in [1, 2, 3, 8, 4096] {
        let beyond = E::WroteBeyond {
            bytes: bytes as u64,
            capacity: LENT as u64,
        };
        assert_eq!(stray(LENT, bytes), Err(beyond));
    }
}

#[test]
fn one_byte_before_what_was_lent_is_noticed_and_a_page_as_well() {
    for bytes in [1, 8, 4096] {
        let before = E::WroteBefore {
            bytes: bytes as u64,
            capacity: LENT as u64,
        };
        assert_eq!(stray(-(bytes as isize), bytes), Err(before));
    }
}

#[test]
fn an_item_that_was_announced_must_come() {
    let steps = [item(8), Step::Answer(status::BUFFER_TOO_SMALL, 500)];
    let missing = E::EndAfterTooSmall { demanded: 500 };
    assert_eq!(verified(Protocol::Arena, &steps), Err(missing));
}

#[test]
fn an_item_after_the_end_is_noticed() {
    for protocol in [Protocol::Arena, Protocol::Alloc] {
        for ends in 1..=3 {
            let mut steps = vec![item(8)];
            steps.extend((0..ends).map(|_| Step::Answer(status::STREAM_END, 0)));
            steps.push(item(8));
            assert_eq!(verified(protocol, &steps), Err(E::ItemAfterEnd), "{ends}");
        }
    }
}

#[test]
fn a_timed_session_looks_at_none_of_this() {
    let steps = [item(8), Step::Answer(status::BUFFER_TOO_SMALL, 500)];
    let guest = ScriptedGuest::new(steps);
    let opened = guest.pair().open(&config(Protocol::Arena, Observe::Time));
    let mut session = opened.expect("it opens");
    assert_eq!(session.drain(ENDLESS), Ok(()));
}
