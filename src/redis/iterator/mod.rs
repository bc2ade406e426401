//! Walks over the keys of a database and the elements of a key.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::client::ValkeyClient;
use super::handle::{Handle, sealed::Handled};
use super::pool::{LeasedConnection, RedisPool};
use crate::error::Result;

mod options;
mod page;
mod walk;

pub use options::{ElementOptions, ScanOptions};
use page::{Page, page, pairs, scored, texts};
use walk::{Step, Walk};

/// What a walk does now.
enum Doing {
    /// Nothing, until an element is wanted.
    Resting(Walk),
    /// It waits for a page.
    Asking(Pin<Box<dyn Future<Output = Asked> + Send>>),
    /// It has come to its end.
    Nothing,
}

/// The items of a page, `None` behind the last one.
type Asked = (Walk, Result<Option<Vec<String>>>);

/// The elements of a walk, as a stream that ends with the first error. Made by
/// [`ValkeyClient::scan_iter`] and its kin.
///
/// Nothing is read ahead: the next page is asked for when the last one is used up, so that memory
/// holds one page. The server keeps nothing of a walk: it outlives a lost connection, and dropping
/// it leaves nothing behind.
///
/// What is there from the beginning to the end comes at least once. What comes and goes meanwhile
/// may be missed, and an element may come twice while the server changes the size of its table.
pub struct ScanIter<T> {
    handle: Handle,
    doing: Doing,
    /// What users see of a page.
    shape: fn(Vec<String>) -> Result<Vec<T>>,
    page: VecDeque<T>,
}

// Elements are moved, never pinned.
impl<T> Unpin for ScanIter<T> {}

impl<T> fmt::Debug for ScanIter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanIter")
            .field("page", &self.page.len())
            .field("is_over", &matches!(self.doing, Doing::Nothing))
            .finish_non_exhaustive()
    }
}

impl<T> ScanIter<T> {
    fn new(handle: Handle, walk: Walk, shape: fn(Vec<String>) -> Result<Vec<T>>) -> Self {
        Self {
            handle,
            doing: Doing::Resting(walk),
            shape,
            page: VecDeque::new(),
        }
    }

    /// The next element, `None` at the end, which is behind the first error. It can be given up and
    /// called again without a loss.
    pub async fn next(&mut self) -> Option<Result<T>> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// All elements that are left of the page at hand, or else of the next one that has any; `None`
    /// at the end, which is behind the first error.
    pub async fn next_page(&mut self) -> Option<Result<Vec<T>>> {
        let first = match self.next().await? {
            Ok(first) => first,
            Err(error) => return Some(Err(error)),
        };
        let mut page = vec![first];
        page.extend(self.page.drain(..));
        Some(Ok(page))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            if let Some(element) = self.page.pop_front() {
                return Poll::Ready(Some(Ok(element)));
            }
            let mut asking = match std::mem::replace(&mut self.doing, Doing::Nothing) {
                Doing::Resting(walk) => Box::pin(ask(self.handle.clone(), walk)) as _,
                Doing::Asking(asking) => asking,
                Doing::Nothing => return Poll::Ready(None),
            };
            let Poll::Ready((walk, items)) = asking.as_mut().poll(context) else {
                self.doing = Doing::Asking(asking);
                return Poll::Pending;
            };
            let Some(shaped) = items.transpose().map(|items| (self.shape)(items?)) else {
                return Poll::Ready(None);
            };
            match shaped {
                Ok(elements) => {
                    self.page = elements.into();
                    self.doing = Doing::Resting(walk);
                }
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

async fn ask(handle: Handle, mut walk: Walk) -> Asked {
    let items = next_items(&handle, &mut walk).await;
    (walk, items)
}

async fn next_items(handle: &Handle, walk: &mut Walk) -> Result<Option<Vec<String>>> {
    if !walk.has_begun() {
        walk.begin(handle.primaries().await?);
    }
    let Some(step) = walk.step() else {
        return Ok(None);
    };
    let Step {
        node,
        command,
        arguments,
    } = step;
    let reply = match node {
        Some(node) => handle.send_to(node, command, &arguments).await?,
        None => handle.send(command, &arguments).await?,
    };
    let Page { cursor, items } = page(reply)?;
    walk.advance(cursor);
    Ok(Some(items))
}

impl<T> futures_core::Stream for ScanIter<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.poll(context)
    }
}

/// Gives a client a method for each walk.
macro_rules! walks {
    ($Client:ty) => {
        impl $Client {
            /// Walks over the keys of the database, in a cluster over those of all primaries, one
            /// after the other. See [`ScanIter`].
            ///
            /// ```
            /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
            /// # support::run(async |url| {
            /// use s3_valkey::redis::{ScanOptions, ValkeyClient};
            ///
            /// let client = ValkeyClient::connect(&url).await?;
            /// client.command("MSET", &["user:1", "Ann", "user:2", "Bob", "other", "x"]).await?;
            /// let mut users = client.scan_iter(ScanOptions::matching("user:*"));
            /// let mut keys = Vec::new();
            /// while let Some(key) = users.next().await {
            ///     keys.push(key?);
            /// }
            /// keys.sort();
            /// assert_eq!(keys, ["user:1", "user:2"]);
            /// # Ok(()) });
            /// ```
            #[must_use]
            pub fn scan_iter(&self, options: ScanOptions) -> ScanIter<String> {
                ScanIter::new(self.handle(), Walk::of_keys(options), texts)
            }

            /// Walks over the fields of a hash with their values. See [`ScanIter`].
            ///
            /// ```
            /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
            /// # support::run(async |url| {
            /// # use s3_valkey::redis::{ElementOptions, ValkeyClient};
            /// # let client = ValkeyClient::connect(&url).await?;
            /// client.hset("user", "name", "Ann").await?;
            /// let mut fields = client.hscan_iter("user", ElementOptions::default());
            /// let first = fields.next().await.expect("there is a field")?;
            /// assert_eq!(first, ("name".to_owned(), "Ann".to_owned()));
            /// # Ok(()) });
            /// ```
            #[must_use]
            pub fn hscan_iter(
                &self,
                key: &str,
                options: ElementOptions,
            ) -> ScanIter<(String, String)> {
                ScanIter::new(self.handle(), Walk::of("HSCAN", key, options), pairs)
            }

            /// Walks over the members of a set. See [`ScanIter`].
            ///
            /// ```
            /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
            /// # support::run(async |url| {
            /// # use s3_valkey::redis::{ElementOptions, ValkeyClient};
            /// # let client = ValkeyClient::connect(&url).await?;
            /// client.sadd("tags", &["red", "green"]).await?;
            /// let mut tags = client.sscan_iter("tags", ElementOptions::matching("r*"));
            /// assert_eq!(tags.next_page().await.expect("there is a tag")?, ["red"]);
            /// assert!(tags.next().await.is_none());
            /// # Ok(()) });
            /// ```
            #[must_use]
            pub fn sscan_iter(&self, key: &str, options: ElementOptions) -> ScanIter<String> {
                ScanIter::new(self.handle(), Walk::of("SSCAN", key, options), texts)
            }

            /// Walks over the members of a sorted set with their scores. See [`ScanIter`].
            ///
            /// ```
            /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
            /// # support::run(async |url| {
            /// # use s3_valkey::redis::{ElementOptions, ValkeyClient};
            /// # let client = ValkeyClient::connect(&url).await?;
            /// client.command("ZADD", &["board", "1.5", "ann", "-inf", "bob"]).await?;
            /// let mut board = client.zscan_iter("board", ElementOptions::default());
            /// let all = board.next_page().await.expect("there are members")?;
            /// assert!(all.contains(&("ann".to_owned(), 1.5)));
            /// assert!(all.contains(&("bob".to_owned(), f64::NEG_INFINITY)));
            /// # Ok(()) });
            /// ```
            #[must_use]
            pub fn zscan_iter(
                &self,
                key: &str,
                options: ElementOptions,
            ) -> ScanIter<(String, f64)> {
                ScanIter::new(self.handle(), Walk::of("ZSCAN", key, options), scored)
            }
        }
    };
}

walks!(ValkeyClient);
walks!(RedisPool);
walks!(LeasedConnection);
