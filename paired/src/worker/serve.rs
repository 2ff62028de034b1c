//! The child's side: it moves the line to its parent out of reach of whatever it loads,
//! makes sure that it ends with its parent, and then does one task after another.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit, setsid,
};
use rustix::stdio::dup2_stdin;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::frame::{self, Envelope, Hello};
use super::keeper::{self, is_child};

/// Does the work of this process, if it was started as a child: tasks, where `argument` is
/// its first argument, or what every child needs beside it. Call it before anything else in `main`.
pub fn serve<Q, A>(argument: &str, work: &mut dyn FnMut(Q) -> A) -> Option<ExitCode>
where
    Q: DeserializeOwned,
    A: Serialize,
{
    if !is_child(argument) {
        return keeper::serve();
    }
    Some(match Line::take().and_then(|line| line.serve(work)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The parent reads it, if there is one.
            let _ = writeln!(io::stderr(), "{argument}: {error:#}");
            ExitCode::FAILURE
        }
    })
}

/// The line to the parent. It is no longer stdin, and no process started from here has it.
struct Line {
    stream: UnixStream,
    nonce: u64,
}

impl Line {
    fn take() -> Result<Self> {
        // First, so that no time is left in which a dead parent goes unnoticed.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // A session of its own: what the loaded code starts can be found by it, and a
        // terminal's signals are the parent's to handle.
        let _ = setsid();
        let line = fcntl_dupfd_cloexec(io::stdin(), 3)?;
        dup2_stdin(File::open("/dev/null").context("/dev/null")?)?;
        let mut stream = UnixStream::from(line);
        stream
            .local_addr()
            .context("this argument is for processes that the program starts itself")?;
        let hello = read(&mut stream)?.context("the parent has gone")?;
        let hello: Envelope<Hello> = serde_json::from_slice(&hello)?;
        let Hello { parent, memory } = hello.body;
        let is_ours =
            getppid().is_some_and(|pid| u32::try_from(Pid::as_raw(Some(pid))) == Ok(parent));
        ensure!(is_ours, "the parent has gone");
        if let Some(bytes) = memory {
            let limit = Rlimit {
                current: Some(bytes),
                maximum: Some(bytes),
            };
            let _ = setrlimit(Resource::As, limit);
        }
        Ok(Self {
            stream,
            nonce: hello.nonce,
        })
    }

    fn serve<Q, A>(mut self, work: &mut dyn FnMut(Q) -> A) -> Result<()>
    where
        Q: DeserializeOwned,
        A: Serialize,
    {
        for turn in 1.. {
            let Some(bytes) = read(&mut self.stream)? else {
                break;
            };
            let task = match frame::decode(self.nonce, turn, &bytes) {
                Ok(task) => task,
                Err(why) => bail!("reading a task: {why}"),
            };
            let answer = work(task);
            self.stream
                .write_all(&frame::encode(self.nonce, turn, &answer))
                .context("answering")?;
        }
        Ok(())
    }
}

/// Reads one message; none at the end of the conversation.
fn read(stream: &mut UnixStream) -> Result<Option<Vec<u8>>> {
    let mut prefix = [0; frame::PREFIX];
    match stream.read_exact(&mut prefix) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other.context("reading a message")?,
    }
    let length = frame::length(prefix).map_err(anyhow::Error::msg)?;
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).context("reading a message")?;
    Ok(Some(bytes))
}
