# Calls every method of PyNUTClient and prints what it returns or raises.
import sys
import PyNUT

host, port = sys.argv[1], int(sys.argv[2])


def show(value):
    if isinstance(value, dict):
        return "".join("\n\t%r: %s" % (k, show(value[k])) for k in value)
    return repr(value)


def connect(login=None, password=None):
    return PyNUT.PyNUTClient(host=host, port=port, login=login, password=password)


def call(client, name, *args):
    try:
        print(name, args, show(getattr(client, name)(*args)))
    except Exception as e:
        print(name, args, "raises", type(e).__name__, e)


nobody = connect()
for name in ("GetUPSList", "help", "ver", "ListClients"):
    call(nobody, name)
for ups in ("ups", "qnapups", "UPS", "nobody"):
    for name in ("GetUPSVars", "GetUPSCommands", "GetRWVars", "ListClients"):
        call(nobody, name, ups)
call(nobody, "SetRWVar", "ups", "ups.id", "x")
call(nobody, "RunUPSCommand", "ups", "beeper.mute")
call(nobody, "FSD", "ups")

for login in (("op", "op-secret"), ("op", "wrong"), ("monuser", "secret"), ("card", "card-secret")):
    print("as", login[0])
    client = connect(*login)
    call(client, "SetRWVar", "ups", "ups.id", "python")
    call(client, "SetRWVar", "ups", "ups.id", "two words")
    call(client, "SetRWVar", "ups", "ups.id", '"two words"')
    call(client, "SetRWVar", "ups", "ups.load", "1")
    call(client, "RunUPSCommand", "ups", "beeper.mute")
    call(client, "RunUPSCommand", "ups", "test.battery.start 120")
    call(client, "RunUPSCommand", "ups", "no.such")
    call(client, "FSD", "forced")
    call(client, "GetUPSVars", "forced")
