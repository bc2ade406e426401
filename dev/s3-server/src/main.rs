//! An S3 server for development and tests: `s3s-fs` over a folder, with signatures checked.
//!
//! ```text
//! S3_ACCESS_KEY_ID=… S3_SECRET_ACCESS_KEY=… s3-server <folder> <bucket>
//! ```
//!
//! Prints one line of JSON with its endpoint once it accepts connections. It stops when its
//! standard input closes, so that it never outlives the process that started it.

use std::{env, error::Error, path::PathBuf};

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::{auth::SimpleAuth, service::S3Service, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::{io::AsyncReadExt, net::TcpListener};

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = env::args_os().skip(1);
    let (Some(folder), Some(bucket)) = (arguments.next(), arguments.next()) else {
        return Err("usage: s3-server <folder> <bucket>".into());
    };
    let folder = PathBuf::from(folder);
    // s3s-fs keeps one folder per bucket.
    std::fs::create_dir_all(folder.join(bucket))?;

    let mut builder =
        S3ServiceBuilder::new(FileSystem::new(folder).map_err(|error| format!("{error:?}"))?);
    builder.set_auth(SimpleAuth::from_single(
        env::var("S3_ACCESS_KEY_ID")?,
        env::var("S3_SECRET_ACCESS_KEY")?,
    ));
    let service = builder.build();

    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    println!(r#"{{"endpoint":"http://127.0.0.1:{port}","port":{port}}}"#);

    tokio::select! {
        outcome = serve(listener, service) => outcome,
        () = asked_to_stop() => Ok(()),
    }
}

async fn serve(listener: TcpListener, service: S3Service) -> Result<(), Failure> {
    loop {
        let (socket, _) = listener.accept().await?;
        // Without it small answers wait for the client's delayed acknowledgement: 40 ms each.
        socket.set_nodelay(true)?;
        let service = service.clone();
        tokio::spawn(async move {
            // A client that hangs up in the middle is no error of the server.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}

/// Waits for the end of standard input, or for a signal where there are signals.
async fn asked_to_stop() {
    tokio::select! {
        () = stdin_closed() => {}
        () = terminated() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    // The blocking read of standard input would hold the runtime's shutdown.
    std::process::exit(0);
}

async fn stdin_closed() {
    let mut stdin = tokio::io::stdin();
    let mut scratch = [0; 64];
    while let Ok(1..) = stdin.read(&mut scratch).await {}
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
