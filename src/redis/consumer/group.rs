//! The commands of a consumer of a group.

use std::time::Duration;

use super::entries::{Entry, by_stream, claimed, deliveries};
use super::options::ConsumerOptions;
use super::patience::Patience;
use crate::error::{Error, ErrorKind, Result};
use crate::redis::batch::Pipeline;
use crate::redis::handle::Handle;

/// One consumer of one group, which may read several streams.
#[derive(Debug)]
pub(super) struct Group {
    pub handle: Handle,
    pub streams: Vec<String>,
    pub options: ConsumerOptions,
}

impl Group {
    /// Makes the group, and the streams, where there are none.
    pub async fn make(&self) -> Result<()> {
        let ConsumerOptions { group, start, .. } = &self.options;
        for stream in &self.streams {
            let arguments = ["CREATE", stream, group, start, "MKSTREAM"];
            match self.handle.send("XGROUP", &arguments).await {
                Err(error) if !is_there(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Entries that nobody has got yet, by the number of their stream.
    pub async fn read_new(&self, wait: Duration) -> Result<Vec<(usize, Vec<Entry>)>> {
        let wait = wait.as_millis().to_string();
        let mut how = vec!["BLOCK", &wait, "STREAMS"];
        how.extend(self.streams.iter().map(String::as_str));
        how.extend(self.streams.iter().map(|_| ">"));
        let found = self.read(&how).await?;
        let numbered = found.into_iter().filter_map(|(name, entries)| {
            let stream = self.streams.iter().position(|stream| *stream == name)?;
            Some((stream, entries))
        });
        Ok(numbered.collect())
    }

    /// Entries of a stream that this consumer has got and not acknowledged.
    pub async fn read_pending(&self, stream: usize, after: &str) -> Result<Vec<Entry>> {
        let how = ["STREAMS", &self.streams[stream], after];
        let found = self.read(&how).await?;
        Ok(found.into_iter().flat_map(|(_, entries)| entries).collect())
    }

    async fn read(&self, how: &[&str]) -> Result<Vec<(String, Vec<Entry>)>> {
        let options = &self.options;
        let count = options.count.to_string();
        let mut arguments = vec!["GROUP", &options.group, &options.consumer, "COUNT", &count];
        arguments.extend_from_slice(how);
        by_stream(self.handle.send("XREADGROUP", &arguments).await?)
    }

    /// Takes over entries that some consumer has had for too long.
    pub async fn claim(&self, stream: usize, cursor: &str) -> Result<(String, Vec<Entry>)> {
        let options = &self.options;
        let idle = options.min_idle.unwrap_or_default().as_millis().to_string();
        let count = options.count.to_string();
        let stream = &self.streams[stream];
        let arguments = [
            stream,
            &options.group,
            &options.consumer,
            &idle,
            cursor,
            "COUNT",
            &count,
        ];
        claimed(self.handle.send("XAUTOCLAIM", &arguments).await?)
    }

    /// How often each of these entries, which this consumer has, was delivered.
    pub async fn deliveries(&self, stream: usize, ids: &[String]) -> Result<Vec<u64>> {
        let mut pipeline = self.pipeline();
        for id in ids {
            let arguments = [&self.streams[stream], &self.options.group, id, id, "1"];
            pipeline.command("XPENDING", &arguments);
        }
        let results = pipeline.exec().await?.into_iter();
        results.map(|reply| Ok(deliveries(&reply?))).collect()
    }

    /// Acknowledges entries that were deleted and have nothing to work on.
    pub async fn forget(&self, stream: usize, ids: &[String]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let before = [&self.streams[stream], &self.options.group];
        let arguments: Vec<&String> = before.into_iter().chain(ids).collect();
        self.handle.send("XACK", &arguments).await.map(drop)
    }

    /// Acknowledges an entry; a lost connection is waited for. Returns whether it was pending.
    pub async fn acknowledge(&self, stream: usize, id: &str) -> Result<bool> {
        let arguments = [&self.streams[stream], &self.options.group, id];
        let mut patience = Patience::default();
        loop {
            match self.handle.send("XACK", &arguments).await {
                Ok(reply) => return Ok(reply.into_integer()? == 1),
                Err(error) => self.wait_out(&mut patience, error).await?,
            }
        }
    }

    /// Waits before another attempt; fails with an error that does not pass.
    pub async fn wait_out(&self, patience: &mut Patience, error: Error) -> Result<()> {
        match patience.failed(&error) {
            Some(pause) if !self.handle.has_ended() => {
                tokio::time::sleep(pause).await;
                Ok(())
            }
            _ => Err(error),
        }
    }

    fn pipeline(&self) -> Pipeline {
        let handle = &self.handle;
        Pipeline::new(handle.link().clone(), handle.callers().clone())
    }
}

fn is_there(error: &Error) -> bool {
    error.kind() == ErrorKind::Server && error.message().starts_with("BUSYGROUP")
}
