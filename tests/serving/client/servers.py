"""The fake servers, by what the client calls their protocols."""

from tests.serving.client.fake_rest import rest_server
from tests.serving.client.fake_rpc import rpc_server

SERVERS = {"rest": rest_server, "rpc": rpc_server}
