// Reads tar archives from its standard input with archive/tar, as the engine does, and writes what each of them holds.
//
// An archive comes after its length (four bytes, the highest first); its answer is one line of JSON.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
)

type entry struct {
	Name    []byte
	Type    string
	Link    []byte
	Size    int64
	Content []byte
}

type answer struct {
	Entries []entry
	Error   string
}

func read(archive []byte) (found answer) {
	reader := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			found.Error = err.Error()
			return found
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			found.Error = err.Error()
			return found
		}
		found.Entries = append(found.Entries, entry{
			[]byte(header.Name), string(header.Typeflag), []byte(header.Linkname), header.Size, content,
		})
	}
}

func main() {
	input := bufio.NewReader(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for {
		var length uint32
		if binary.Read(input, binary.BigEndian, &length) != nil {
			return
		}
		archive := make([]byte, length)
		if _, err := io.ReadFull(input, archive); err != nil {
			panic(err)
		}
		if err := output.Encode(read(archive)); err != nil {
			panic(err)
		}
	}
}
