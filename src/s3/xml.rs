//! The XML documents of S3, read and written. Pure; what is malformed is an error, never a panic.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;

use super::checksum::ChecksumAlgorithm;
use super::op::multipart::Part;

/// Elements within elements that are accepted.
const MAX_DEPTH: usize = 32;
/// Elements that are accepted: a page of 1,000 objects has some 15,000. Each takes far more memory
/// than the four bytes in which a document can say it.
const MAX_ELEMENTS: usize = 1_000_000;

/// An element with its text and its children, in the document's order.
///
/// It borrows what stands in the document as it is meant.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Element<'a> {
    /// Local name, without a namespace prefix.
    pub name: &'a str,
    /// Text directly inside, entities decoded.
    pub text: Cow<'a, str>,
    /// Elements directly inside.
    pub children: Vec<Element<'a>>,
}

impl<'a> Element<'a> {
    /// Parses a whole document; `None` when it is not well-formed, too deep or of too many elements.
    #[must_use]
    pub fn parse(document: &'a [u8]) -> Option<Self> {
        let document = std::str::from_utf8(document).ok()?;
        let mut reader = Reader::from_str(document);
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        let mut count = 0;
        loop {
            let event = reader.read_event().ok()?;
            if matches!(event, Event::Start(_) | Event::Empty(_)) {
                count += 1;
                if count > MAX_ELEMENTS {
                    return None;
                }
            }
            match event {
                Event::Start(start) => {
                    if root.is_some() || open.len() == MAX_DEPTH {
                        return None;
                    }
                    open.push(Self::named(within(document, start.local_name().as_ref())?));
                }
                Event::Empty(start) => {
                    let element = Self::named(within(document, start.local_name().as_ref())?);
                    close(&mut open, &mut root, element)?;
                }
                Event::End(_) => {
                    let element = open.pop()?;
                    close(&mut open, &mut root, element)?;
                }
                Event::Text(text) => match open.last_mut() {
                    Some(element) => element.add(within(document, &text)?),
                    None if text.chars().all(char::is_whitespace) => {}
                    None => return None,
                },
                Event::CData(data) => {
                    open.last_mut()?.add(within(document, &data)?);
                }
                Event::GeneralRef(entity) => {
                    let element = open.last_mut()?;
                    if let Some(character) = entity.resolve_char_ref().ok()? {
                        element.text.to_mut().push(character);
                    } else {
                        // Only the five that XML predefines: nothing can be declared.
                        let text = quick_xml::escape::resolve_predefined_entity(&entity)?;
                        element.text.to_mut().push_str(text);
                    }
                }
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                // Stores send none, and it could declare entities.
                Event::DocType(_) => return None,
                Event::Eof => return if open.is_empty() { root } else { None },
            }
        }
    }

    fn named(name: &'a str) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    fn add(&mut self, text: &'a str) {
        if self.text.is_empty() {
            self.text = text.into();
        } else {
            self.text.to_mut().push_str(text);
        }
    }

    /// The first child of this name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of this name.
    #[must_use]
    pub fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| &*child.text)
    }

    /// All children of this name.
    pub fn children<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Self> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// A part of the document that the reader only lends for a moment, as long as the document lives.
fn within<'a>(document: &'a str, part: &str) -> Option<&'a str> {
    let start = (part.as_ptr() as usize).checked_sub(document.as_ptr() as usize)?;
    document.get(start..start + part.len())
}

fn close<'a>(
    open: &mut [Element<'a>],
    root: &mut Option<Element<'a>>,
    element: Element<'a>,
) -> Option<()> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return None,
    }
    Some(())
}

/// The body that completes a multipart upload: part numbers with their `ETags` and sums, ascending.
#[must_use]
pub fn complete_multipart_upload(parts: &[Part], algorithm: Option<ChecksumAlgorithm>) -> String {
    let algorithm = algorithm.filter(|algorithm| algorithm.is_kept());
    let mut body =
        String::from("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for part in parts {
        body.push_str("<Part><PartNumber>");
        body.push_str(&part.number.to_string());
        body.push_str("</PartNumber><ETag>");
        body.push_str(&escape(part.etag.as_str()));
        body.push_str("</ETag>");
        if let (Some(algorithm), Some(sum)) = (algorithm, &part.checksum) {
            let (name, sum) = (algorithm.element(), &sum.text);
            body.extend(["<", name, ">", sum, "</", name, ">"]);
        }
        body.push_str("</Part>");
    }
    body.push_str("</CompleteMultipartUpload>");
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "<?xml version=\"1.0\"?>\n<!-- c --><s3:Error xmlns:s3=\"x\"><Code>A &amp; B&#33;</Code>\
        <Message><![CDATA[<raw>]]></Message><Empty/></s3:Error>\n";

    #[test]
    fn text_entities_and_cdata() {
        let error = Element::parse(DOCUMENT.as_bytes()).unwrap();
        assert_eq!(error.name, "Error");
        assert_eq!(error.child_text("Code"), Some("A & B!"));
        assert_eq!(error.child_text("Message"), Some("<raw>"));
        assert_eq!(error.child_text("Empty"), Some(""));
        assert_eq!(error.child_text("None"), None);
    }

    #[test]
    fn a_truncated_document_is_none() {
        let end = DOCUMENT.trim_end().len();
        for end in 0..end {
            assert_eq!(Element::parse(&DOCUMENT.as_bytes()[..end]), None, "{end}");
        }
    }

    #[test]
    fn hostile_documents_are_none() {
        let deep = "<a>".repeat(100_000);
        for document in [
            &*deep,
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            "<a>&unknown;</a>",
            "<a></b>",
            "<a/><b/>",
            "text",
            "<a>&#xD800;</a>",
            "\u{0}",
        ] {
            assert_eq!(Element::parse(document.as_bytes()), None, "{document:.40}");
        }
        assert_eq!(Element::parse(b"<a>\xff</a>"), None);
    }

    #[test]
    fn large_documents() {
        let document = |element: &str, count| format!("<a>{}</a>", element.repeat(count));
        // 50 MiB of objects, and of what is nothing but elements.
        let long = document(
            &format!("<Contents><Key>{}</Key></Contents>", "k".repeat(5000)),
            10_000,
        );
        let root = Element::parse(long.as_bytes()).unwrap();
        assert_eq!(root.children.len(), 10_000);
        assert!(Element::parse(document("<b/>", MAX_ELEMENTS - 1).as_bytes()).is_some());
        assert!(Element::parse(document("<b/>", MAX_ELEMENTS).as_bytes()).is_none());
        assert!(Element::parse(document("&#65;", 1_000_000).as_bytes()).is_some());
    }

    #[test]
    fn parts_have_their_sums() {
        let algorithm = ChecksumAlgorithm::Crc32;
        let part = Part {
            checksum: Some(algorithm.of(&[])),
            ..Part::new(2, "e".into())
        };
        let sum = "<ETag>e</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>";
        let parts = [part];
        assert!(complete_multipart_upload(&parts, Some(algorithm)).contains(sum));
        for algorithm in [None, Some(ChecksumAlgorithm::Md5)] {
            assert!(!complete_multipart_upload(&parts, algorithm).contains("Checksum"));
        }
    }

    #[test]
    fn etags_are_escaped() {
        let part = Part::new(1, "\"a<b\"".into());
        let body = complete_multipart_upload(&[part], None);
        assert!(body.contains("<ETag>&quot;a&lt;b&quot;</ETag></Part>"));
        assert!(Element::parse(body.as_bytes()).is_some());
    }
}
