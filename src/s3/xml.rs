//! Reading and writing the documents of S3. Pure; depth is capped.

use quick_xml::Reader;
use quick_xml::events::Event;

const MAX_DEPTH: usize = 64;

/// Calls `visit(path, None)` at each opening and `visit(path, Some(text))` at each closing tag.
/// `None` when the document is not well-formed or too deep.
pub(crate) fn walk(xml: &[u8], mut visit: impl FnMut(&[String], Option<&str>)) -> Option<()> {
    let mut reader = Reader::from_reader(xml);
    reader.config_mut().expand_empty_elements = true;
    let (mut path, mut texts): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let (mut buffer, mut done) = (Vec::new(), false);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(tag) => {
                if path.len() >= MAX_DEPTH || done {
                    return None;
                }
                path.push(tag.name().into_inner().to_owned());
                texts.push(String::new());
                visit(&path, None);
            }
            Event::End(_) => {
                let text = texts.pop()?;
                visit(&path, Some(&text));
                path.pop()?;
                done = path.is_empty();
            }
            Event::Text(text) => {
                if let Some(top) = texts.last_mut() {
                    top.push_str(&text);
                }
            }
            Event::CData(text) => texts.last_mut()?.push_str(&text),
            Event::GeneralRef(name) => {
                let top = texts.last_mut()?;
                if let Some(character) = name.resolve_char_ref().ok()? {
                    top.push(character);
                } else {
                    top.push_str(quick_xml::escape::resolve_predefined_entity(&name)?);
                }
            }
            Event::Eof => return done.then_some(()),
            _ => {}
        }
    }
}

/// The text of `root/name`, when the document is well-formed.
pub(crate) fn field(xml: &[u8], root: &str, name: &str) -> Option<String> {
    let mut found = None;
    walk(xml, |path, text| {
        if let ([first, second], Some(text)) = (path, text)
            && first == root
            && second == name
            && found.is_none()
        {
            found = Some(text.to_owned());
        }
    })?;
    found
}

/// The body of `CompleteMultipartUpload`; `etags` in the order of their parts.
pub(crate) fn complete_multipart(etags: &[String]) -> String {
    let mut out =
        String::from("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (index, etag) in etags.iter().enumerate() {
        out.push_str("<Part><PartNumber>");
        out.push_str(&(index + 1).to_string());
        out.push_str("</PartNumber><ETag>");
        out.push_str(&quick_xml::escape::escape(etag.as_str()));
        out.push_str("</ETag></Part>");
    }
    out.push_str("</CompleteMultipartUpload>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_decoded_and_prefixes_refused() {
        let xml = b"<Error><Code>A</Code><Message>a &amp; &#98;</Message></Error>";
        assert_eq!(field(xml, "Error", "Message").unwrap(), "a & b");
        for end in 0..xml.len() {
            assert!(field(&xml[..end], "Error", "Message").is_none());
        }
    }
}
