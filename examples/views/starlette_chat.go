package main

import (
	"net/http"

	"github.com/gofogo/fogo"
	"github.com/gofogo/fogo/endpoint"
	"github.com/gofogo/fogo/ws"
)

// Starlette: an HTTPEndpoint and a WebSocketEndpoint that make a chat. The
// page finds its socket wherever it was loaded from.

const html = `<!DOCTYPE html>
<html>
    <head>
        <title>Chat</title>
    </head>
    <body>
        <h1>WebSocket Chat</h1>
        <form action="" onsubmit="sendMessage(event)">
            <input type="text" id="messageText" autocomplete="off"/>
            <button>Send</button>
        </form>
        <ul id='messages'>
        </ul>
        <script>
            var scheme = location.protocol === "https:" ? "wss://" : "ws://";
            var ws = new WebSocket(scheme + location.host + "/ws");
            ws.onmessage = function(event) {
                var messages = document.getElementById('messages')
                var message = document.createElement('li')
                var content = document.createTextNode(event.data)
                message.appendChild(content)
                messages.appendChild(message)
            };
            function sendMessage(event) {
                var input = document.getElementById("messageText")
                ws.send(input.value)
                input.value = ''
                event.preventDefault()
            }
        </script>
    </body>
</html>
`

func starletteChat() http.Handler {
	app := fogo.New()
	app.Endpoint("/", ChatPage{})
	app.WebSocket("/ws", Echo{})
	return app
}

type ChatPage struct{}

func (ChatPage) Get() endpoint.HTML {
	return html
}

type Echo struct{}

func (Echo) OnReceive(conn *ws.WebSocket, data ws.Text) error {
	return conn.SendText("Message text was: " + string(data))
}
