// A scripted store: answers each request as the test says, for what no real store does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it came over the wire.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// Method and target, such as `GET /bucket/key`.
    pub line: String,
    /// Lines of the head, in lower case.
    pub headers: Vec<String>,
    /// Bytes of the body.
    pub body: Vec<u8>,
}

impl Received {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.headers
            .iter()
            .find_map(|line| line.strip_prefix(&start))
    }
}

/// The answer to a request: raw bytes. The connection is closed behind it.
pub type Answer = String;

/// A store on a free port.
pub struct Store {
    /// `http://127.0.0.1:port`.
    pub endpoint: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Store {
    /// Answers each request by `answer`, which also gets its number, counted from 0.
    pub fn start(answer: impl Fn(usize, &Received) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&received), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || serve(&stream, &log, &*answer));
            }
        });
        Self { endpoint, received }
    }

    /// Everything that was received so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no test panics here").clone()
    }
}

/// A response with a body.
pub fn response(status: u16, headers: &str, body: &str) -> Answer {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
}

fn serve(
    stream: &TcpStream,
    log: &Mutex<Vec<Received>>,
    answer: &(dyn Fn(usize, &Received) -> Answer + Send + Sync),
) {
    let Some(request) = read(stream) else {
        return;
    };
    let number = {
        let mut log = log.lock().expect("no test panics here");
        log.push(request.clone());
        log.len() - 1
    };
    // A client that has gone away misses its answer.
    let mut stream = stream;
    let _ = stream.write_all(answer(number, &request).as_bytes());
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut request = Received::default();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if request.line.is_empty() {
            request.line = line.trim_end_matches(" HTTP/1.1").to_owned();
        } else {
            let (name, value) = line.split_once(':')?;
            request
                .headers
                .push(format!("{}:{value}", name.to_lowercase()));
        }
    }
    let length = request
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap_or(0));
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}
